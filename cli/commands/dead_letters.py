"""``dead-letters``, ``replay`` and ``discard``."""

import json
import sys
from collections import Counter

import click

from cli import output
from cli.dead_letters import MOST_REPLAYS, Step, opened
from cli.letters import Letter, Selection
from cli.options import (
    letter_options,
    must_select,
    selection_of,
    where_of,
    where_options,
)

SHOWN_REASON = 300  # characters in a table
WIDEST_NAME = 40


@click.command("dead-letters")
@letter_options
@click.option("--show", metavar="MESSAGE_ID", help="Show one whole, with its value.")
@click.option("--limit", type=click.IntRange(1), help="At most that many.")
@where_options
def dead_letters(show, limit, project, prefix, ledger, as_json, **filters) -> None:
    """List what was refused or ran out of tries; nothing is consumed.

    Pub/Sub has no browsing: the letters are pulled under a lease, shown, and given
    back. So two operators who look at the same moment each see a part; ask again when
    the other is done.
    """
    where = where_of(project, prefix, ledger)
    selection = selection_of((show,) if show else (), **filters)
    with opened(where) as letters:
        found = letters.select(selection, limit)
    if show:
        _show(found, show, as_json)
    elif as_json:
        for letter in found:
            output.tell(letter.summary())
    else:
        _list(found, where.name)


@click.command()
@click.argument("message_ids", nargs=-1, metavar="[MESSAGE_ID]...")
@click.option("--all", "everything", is_flag=True, help="All there are.")
@letter_options
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option(
    "--rate",
    default=50.0,
    show_default=True,
    type=click.FloatRange(0),
    help="At most that many a second; 0 is no limit.",
)
@click.option(
    "--again",
    is_flag=True,
    help=f"Also what was replayed {MOST_REPLAYS} times before.",
)
@click.option(
    "--even-if-newer",
    is_flag=True,
    help="Also where a newer event of the same ordering key was handled since.",
)
@where_options
def replay(
    message_ids,
    everything,
    dry_run,
    rate,
    again,
    even_if_newer,
    project,
    prefix,
    ledger,
    as_json,
    **filters,
) -> None:
    """Send dead letters again, as they were, in the order they happened.

    One by MESSAGE_ID (as dead-letters lists it), some by filters, or --all. An event is
    left out, and said so, when a newer one of the same ordering key was handled since,
    and when it has been replayed and come back several times.

    Exit status: 1 when some failed, or one that was named was not replayed.
    """
    selection = selection_of(message_ids, **filters)
    must_select(selection, everything)
    where = where_of(project, prefix, ledger)
    did: Counter[str] = Counter()
    with opened(where) as letters:
        found = letters.select(selection)
        steps = letters.replay(
            found,
            dry_run=dry_run,
            again=again,
            even_if_newer=even_if_newer,
            rate=rate,
        )
        for step in output.progress(steps, len(found), "replaying"):
            did[step.did] += 1
            _tell(step, as_json)
    missing = _missing(selection, found)
    if not as_json:
        output.say(_sum(did) or f"No dead letters to replay in {where.name}.")
    not_done = selection.ids and did["left out"]
    sys.exit(1 if did["failed"] or missing or not_done else 0)


@click.command()
@click.argument("message_ids", nargs=-1, metavar="[MESSAGE_ID]...")
@click.option("--all", "everything", is_flag=True, help="All there are.")
@letter_options
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@where_options
def discard(
    message_ids,
    everything,
    dry_run,
    yes,
    project,
    prefix,
    ledger,
    as_json,
    **filters,
) -> None:
    """Remove dead letters for good, after asking."""
    selection = selection_of(message_ids, **filters)
    must_select(selection, everything)
    if as_json and not (yes or dry_run):
        raise click.UsageError("--json does not ask: add --yes or --dry-run")
    where = where_of(project, prefix, ledger)
    with opened(where) as letters:
        found = letters.select(selection)
        missing = _missing(selection, found)
        if not as_json:
            _list(found, where.name)
        if found and not dry_run and not yes:
            click.confirm(
                f"Remove these {len(found)} of {where.name} for good?", abort=True
            )
        removed = found if dry_run else letters.discard(found)
        for letter in removed:
            if as_json:
                word = "would discard" if dry_run else "discarded"
                output.tell({"did": word, **letter.summary()})
    if found and not as_json:
        word = "would be discarded" if dry_run else "discarded"
        output.say(f"{len(found)} {word}")
    sys.exit(1 if missing else 0)


def _list(letters: list[Letter], where: str) -> None:
    if not letters:
        output.say(f"No such dead letters in {where}.")
        return
    output.table(
        ("MESSAGE_ID", "SINCE (UTC)", "EVENT", "UID", "TRIES", "REASON"),
        (
            (
                letter.message_id,
                output.short_time(letter.since),
                letter.event.removeprefix("be-observer."),
                letter.uid,
                letter.attempts,
                _why(letter),
            )
            for letter in letters
        ),
    )


def _why(letter: Letter) -> str:
    status = f"{letter.status} " if letter.by == "consumer" and letter.status else ""
    replayed = f" (replayed {letter.replayed}×)" if letter.replayed else ""
    reason = letter.reason
    if len(reason) > SHOWN_REASON:
        reason = reason[:SHOWN_REASON] + "…"
    return f"{status}{reason}{replayed}"


def _show(found: list[Letter], message_id: str, as_json: bool) -> None:
    if not found:
        output.warn(
            f"There is no dead letter {message_id}, or another operator has it just now"
        )
        sys.exit(1)
    whole = found[0].whole()
    if as_json:
        output.tell(whole)
        return
    value = whole.pop("data", None)
    attributes = whole.pop("attributes")
    lines = {**whole, **dict(sorted(attributes.items()))}
    width = min(max(map(len, lines)), WIDEST_NAME)
    for name, told in lines.items():
        told = "" if told is None else str(told)
        output.say(output.plain(f"{name:{width}}  {told}"))
    if value is not None:
        for line in json.dumps(value, indent=2, ensure_ascii=False).splitlines():
            output.say(output.plain(line))


def _tell(step: Step, as_json: bool) -> None:
    if as_json:
        more = {"why": step.why, "as_message": step.as_message}
        output.tell({"did": step.did, **more, **step.letter.summary()})
        return
    letter = step.letter
    about = f"{letter.message_id}  {letter.event}  uid {letter.uid}"
    why = f": {step.why}" if step.why else ""
    output.say(output.plain(f"{step.did:12}  {about}{why}"))


def _sum(did: Counter[str]) -> str:
    return ", ".join(f"{count} {word}" for word, count in sorted(did.items()))


def _missing(selection: Selection, found: list[Letter]) -> bool:
    """Say which of the named letters are not there."""
    missing = sorted(selection.ids - {letter.message_id for letter in found})
    for message_id in missing:
        output.warn(
            f"There is no such dead letter {message_id}, or another operator has it"
        )
    return bool(missing)
