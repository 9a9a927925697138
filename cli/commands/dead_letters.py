"""``dead-letters``, ``replay`` and ``discard``."""

import json
import sys
from collections import Counter

import click

from cli import output
from cli.dead_letter import DeadLetter, Selection
from cli.dead_letter_queue import MAX_REPLAYS, Replay, open_dead_letters
from cli.options import (
    deployment_of,
    deployment_options,
    require_selection,
    selection_of,
    selection_options,
)
from cli.times import short_time

MAX_REASON_LENGTH = 300  # characters in a table
MAX_NAME_WIDTH = 40
NOT_FOUND = (
    "There is no dead letter {}, or another command has it: list them again in a minute"
)

message_ids_argument = click.argument(
    "message_ids", nargs=-1, metavar="[MESSAGE_ID]..."
)
all_option = click.option("--all", "everything", is_flag=True, help="All dead letters.")
dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Only show what would be done."
)


@click.command("dead-letters")
@selection_options
@click.option("--show", metavar="MESSAGE_ID", help="Show one with its value.")
@click.option("--limit", type=click.IntRange(1), help="List at most that many.")
@deployment_options
def dead_letters(
    show: str | None,
    limit: int | None,
    project: str | None,
    prefix: str | None,
    ledger: str | None,
    as_json: bool,
    **filters: str | None,
) -> None:
    """List rejected events and those with exhausted delivery attempts.

    Nothing is consumed: the dead letters are pulled under a lease, shown, and released.
    Two commands that run at the same time each see a part of them.
    """
    deployment = deployment_of(project, prefix, ledger)
    selection = selection_of((show,) if show else (), **filters)
    with open_dead_letters(deployment) as queue:
        dead_letters = queue.select(selection, limit)
    if show:
        _show(dead_letters, show, as_json)
    elif as_json:
        for dead_letter in dead_letters:
            output.write_json(dead_letter.summary())
    else:
        _list(dead_letters, deployment.name, filtered=selection != Selection())


@click.command()
@message_ids_argument
@all_option
@selection_options
@dry_run_option
@click.option(
    "--rate",
    default=50.0,
    show_default=True,
    type=click.FloatRange(0),
    help="At most that many per second; 0 is no limit.",
)
@click.option(
    "--again",
    is_flag=True,
    help=f"Also those that were replayed {MAX_REPLAYS} times before.",
)
@click.option(
    "--even-if-newer",
    is_flag=True,
    help="Also those with a newer event of the same ordering key that was handled.",
)
@deployment_options
def replay(
    message_ids: tuple[str, ...],
    everything: bool,
    dry_run: bool,
    rate: float,
    again: bool,
    even_if_newer: bool,
    project: str | None,
    prefix: str | None,
    ledger: str | None,
    as_json: bool,
    **filters: str | None,
) -> None:
    """Publish dead letters again, unchanged, in the order of their event times.

    Select them by MESSAGE_ID (as dead-letters lists it), by filters, or with --all. A
    dead letter is left out when a newer event of the same ordering key was handled
    since, and when it was replayed several times before. An event that the receiver of
    Commerce's events rejected is validated anew, and left out if it is still invalid.

    Exit status: 1 when a replay failed, or a dead letter that was named was left out.
    """
    selection = selection_of(message_ids, **filters)
    require_selection(selection, everything)
    deployment = deployment_of(project, prefix, ledger)
    results: Counter[str] = Counter()
    with open_dead_letters(deployment) as queue:
        dead_letters = queue.select(selection)
        replays = queue.replay(
            dead_letters,
            dry_run=dry_run,
            again=again,
            even_if_newer=even_if_newer,
            rate=rate,
        )
        for step in output.progress(replays, len(dead_letters), "replaying"):
            results[step.result] += 1
            _print_replay(step, as_json)
    missing = _warn_of_missing(selection, dead_letters)
    if not as_json:
        counts = ", ".join(f"{n} {result}" for result, n in sorted(results.items()))
        output.write(counts or f"No dead letters to replay in {deployment.name}.")
    left_out = selection.ids and results["left out"]
    sys.exit(1 if results["failed"] or missing or left_out else 0)


@click.command()
@message_ids_argument
@all_option
@selection_options
@dry_run_option
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@deployment_options
def discard(
    message_ids: tuple[str, ...],
    everything: bool,
    dry_run: bool,
    yes: bool,
    project: str | None,
    prefix: str | None,
    ledger: str | None,
    as_json: bool,
    **filters: str | None,
) -> None:
    """Remove dead letters for good, after confirmation."""
    selection = selection_of(message_ids, **filters)
    require_selection(selection, everything)
    if as_json and not (yes or dry_run):
        raise click.UsageError("--json cannot ask: add --yes or --dry-run")
    deployment = deployment_of(project, prefix, ledger)
    with open_dead_letters(deployment) as queue:
        dead_letters = queue.select(selection)
        missing = _warn_of_missing(selection, dead_letters)
        if not as_json:
            _list(dead_letters, deployment.name, filtered=not everything)
        if dead_letters and not dry_run and not yes:
            click.confirm(
                f"Remove these {len(dead_letters)} of {deployment.name} for good?",
                abort=True,
            )
        for dead_letter in dead_letters if dry_run else queue.discard(dead_letters):
            if as_json:
                result = "would discard" if dry_run else "discarded"
                output.write_json({"result": result, **dead_letter.summary()})
    if dead_letters and not as_json:
        result = "would be discarded" if dry_run else "discarded"
        output.write(f"{len(dead_letters)} {result}")
    sys.exit(1 if missing else 0)


def _list(dead_letters: list[DeadLetter], deployment: str, *, filtered: bool) -> None:
    if not dead_letters:
        such = "such " if filtered else ""
        output.write(f"No {such}dead letters in {deployment}.")
        return
    output.table(
        ("MESSAGE_ID", "SINCE (UTC)", "EVENT", "UID", "ATTEMPTS", "REASON"),
        (
            (
                dead_letter.message_id,
                short_time(dead_letter.since),
                dead_letter.event.removeprefix("be-observer."),
                dead_letter.uid,
                dead_letter.attempts,
                _reason(dead_letter),
            )
            for dead_letter in dead_letters
        ),
    )


def _reason(dead_letter: DeadLetter) -> str:
    rejected = dead_letter.origin in ("consumer", "receiver") and dead_letter.status
    status = f"{dead_letter.status} " if rejected else ""
    replayed = f" (replayed {dead_letter.replayed}×)" if dead_letter.replayed else ""
    reason = dead_letter.reason
    if len(reason) > MAX_REASON_LENGTH:
        reason = reason[:MAX_REASON_LENGTH] + "…"
    return f"{status}{reason}{replayed}"


def _show(dead_letters: list[DeadLetter], message_id: str, as_json: bool) -> None:
    if not dead_letters:
        output.warn(NOT_FOUND.format(message_id))
        sys.exit(1)
    fields = dead_letters[0].with_data()
    if as_json:
        output.write_json(fields)
        return
    value = fields.pop("data", None)
    attributes = fields.pop("attributes")
    lines = {**fields, **dict(sorted(attributes.items()))}
    width = min(max(map(len, lines)), MAX_NAME_WIDTH)
    for name, text in lines.items():
        output.write(f"{name:{width}}  {'' if text is None else text}")
    if value is not None:
        for line in json.dumps(value, indent=2, ensure_ascii=False).splitlines():
            output.write(line)


def _print_replay(replay: Replay, as_json: bool) -> None:
    dead_letter = replay.dead_letter
    if as_json:
        output.write_json(
            {
                "result": replay.result,
                "detail": replay.detail,
                "new_message_id": replay.new_message_id,
                **dead_letter.summary(),
            }
        )
        return
    detail = f": {replay.detail}" if replay.detail else ""
    output.write(
        f"{replay.result:12}  {dead_letter.message_id}  {dead_letter.event}"
        f"  uid {dead_letter.uid}{detail}"
    )


def _warn_of_missing(selection: Selection, dead_letters: list[DeadLetter]) -> bool:
    """Whether some of the named dead letters were not found."""
    missing = sorted(
        selection.ids - {dead_letter.message_id for dead_letter in dead_letters}
    )
    for message_id in missing:
        output.warn(NOT_FOUND.format(message_id))
    return bool(missing)
