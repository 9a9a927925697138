"""``forget``."""

import sys

import click

from cli import output
from cli.dead_letters import NoLedger, opened
from cli.forget import Held, NoSuchId, Subject, held, thing
from cli.forget import forget as remove
from cli.options import where_of, where_options


class Id(click.ParamType):
    """``ENTITY:ID``."""

    name = "ENTITY:ID"

    def convert(self, value, param, ctx) -> Subject:
        """The subject that *value* names."""
        if isinstance(value, Subject):
            return value
        try:
            return thing(value)
        except NoSuchId as error:
            self.fail(str(error), param)


@click.command()
@click.option("--id", "things", multiple=True, type=Id(), help="Of a thing or person.")
@click.option("--uid", "uids", multiple=True, help="Of an event.")
@click.option("--dry-run", is_flag=True, help="Only say what is held.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@where_options
def forget(things, uids, dry_run, yes, project, prefix, ledger, as_json) -> None:
    """Remove what ledger and dead letters hold of an entity id or uid.

    For a person who asked to be deleted: --id customer:15, and --id
    customer:jane@example.com, by which creations go; both may be given, each several
    times. Of the local stack, the journal's lines go too. An event that is forgotten
    could be applied a second time if its sender sent it again.

    Exit status: 1 when something stays: a record in use just now (give the command
    again in a minute), or a dead letter that is about other things as well.
    """
    subjects = [*things, *(Subject(uid=uid) for uid in uids)]
    if not subjects:
        raise click.UsageError("Say whom: --id ENTITY:ID or --uid UID")
    if as_json and not (yes or dry_run):
        raise click.UsageError("--json does not ask: add --yes or --dry-run")
    where = where_of(project, prefix, ledger)
    if where.store is None:
        raise NoLedger("What the ledger holds cannot be removed: set LEDGER")
    stays = False
    for subject in subjects:
        # One after the other, each from what then is: they may share letters.
        with opened(where) as letters:
            what = held(subject, letters)
            if not as_json:
                _show(subject, what, where.name)
            if dry_run:
                told = {"did": "would forget", "ledger": len(what.records)}
                told["under_way"] = what.under_way
            else:
                if not yes and _anything(what):
                    click.confirm("Remove it for good?", abort=True)
                gone, under_way = remove(subject, what, letters)
                told = {"did": "forgotten", "ledger": gone, "under_way": under_way}
                stays |= bool(under_way or what.shared)
            if as_json:
                _tell(subject, told, what)
            elif not dry_run:
                _say_gone(told, what)
    sys.exit(1 if stays else 0)


def _anything(what: Held) -> bool:
    return bool(what.records or what.letters or what.lines)


def _show(subject: Subject, what: Held, where: str) -> None:
    parts = [f"{len(what.records)} ledger records", f"{len(what.letters)} dead letters"]
    if what.lines:
        parts.append(f"{what.lines} lines of the journal")
    output.say(output.plain(f"Of {subject}, {where} holds {', '.join(parts)}."))
    for letter in what.shared:
        output.say(
            f"Dead letter {letter.message_id} is about other things as well and stays:"
            f" discard {letter.message_id} removes it."
        )


def _say_gone(told: dict, what: Held) -> None:
    if told["under_way"]:
        output.say(
            f"{told['under_way']} ledger records are in use just now and stay: give"
            " the command again in a minute."
        )
    elif _anything(what):
        output.say("Forgotten.")


def _tell(subject: Subject, told: dict, what: Held) -> None:
    output.tell(
        {
            "uid": subject.uid,
            "id": subject.thing,
            **told,
            "dead_letters": len(what.letters),
            "shared_dead_letters": [letter.message_id for letter in what.shared],
            "journal": what.lines,
        }
    )
