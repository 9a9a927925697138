"""``forget``."""

import sys
from typing import Any

import click

from cli import output
from cli.dead_letter_queue import LedgerNotConfigured, open_dead_letters
from cli.erasure import InvalidId, StoredData, Subject, erase, find_data, parse_id
from cli.options import deployment_of, deployment_options


class Id(click.ParamType):
    """``ENTITY:ID``."""

    name = "ENTITY:ID"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Subject:
        """The subject that *value* names."""
        if isinstance(value, Subject):
            return value
        try:
            return parse_id(value)
        except InvalidId as error:
            self.fail(str(error), param)


@click.command()
@click.option("--id", "ids", multiple=True, type=Id(), help="Of an entity or person.")
@click.option("--uid", "uids", multiple=True, help="Of an event.")
@click.option("--dry-run", is_flag=True, help="Only show what is stored.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@deployment_options
def forget(
    ids: tuple[Subject, ...],
    uids: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    project: str | None,
    prefix: str | None,
    ledger: str | None,
    as_json: bool,
) -> None:
    """Remove what ledger and dead letters store about an entity id or a uid.

    For a person who asks for deletion: --id customer:15, and --id
    customer:jane@example.com, the key of creations; both options can be repeated. Case
    and blanks at the end do not matter, as in Commerce. --id stock:SKU@SOURCE is the
    watermark of a stock level. Commerce's own events have ids of their own: --id
    outbound-customer:15. In the local stack the journal's entries are removed too. An
    event that is forgotten would be applied again if its sender posted it again.

    Exit status: 1 when something is kept: a record with a message in flight (repeat
    the command in a minute), or a dead letter about other resources as well.
    """
    subjects = [*ids, *(Subject(uid=uid) for uid in uids)]
    if not subjects:
        raise click.UsageError("No subject is given: add --id ENTITY:ID or --uid UID")
    if as_json and not (yes or dry_run):
        raise click.UsageError("--json cannot ask: add --yes or --dry-run")
    deployment = deployment_of(project, prefix, ledger)
    if deployment.ledger is None:
        raise LedgerNotConfigured("The ledger's records cannot be removed: set LEDGER")
    kept = False
    for subject in subjects:
        # One after the other, since two subjects may share dead letters.
        with open_dead_letters(deployment) as queue:
            data = find_data(subject, queue)
            if not as_json:
                _print_data(subject, data, deployment.name)
            if dry_run:
                result, removed, in_flight = (
                    "would forget",
                    len(data.records),
                    data.in_flight,
                )
            else:
                if data and not yes:
                    click.confirm("Remove it for good?", abort=True)
                removed, in_flight = erase(subject, data, queue)
                result = "forgotten"
                kept |= bool(in_flight or data.shared)
        if as_json:
            output.write_json(_as_dict(subject, data, result, removed, in_flight))
        elif in_flight:
            output.write(
                f"{in_flight} ledger records are kept, a message is in flight: repeat"
                " the command in a minute."
            )
        elif data and not dry_run:
            output.write("Forgotten.")
    sys.exit(1 if kept else 0)


def _print_data(subject: Subject, data: StoredData, deployment: str) -> None:
    parts = [
        f"{len(data.records)} ledger records",
        f"{len(data.dead_letters)} dead letters",
    ]
    if data.journal_entries:
        parts.append(f"{data.journal_entries} journal entries")
    output.write(f"About {subject}, {deployment} stores {', '.join(parts)}.")
    for dead_letter in data.shared:
        output.write(
            f"Dead letter {dead_letter.message_id} is about other resources as well and"
            f" is kept: discard {dead_letter.message_id} removes it."
        )


def _as_dict(
    subject: Subject, data: StoredData, result: str, removed: int, in_flight: int
) -> dict[str, Any]:
    return {
        "uid": subject.uid,
        "id": subject.resource,
        "result": result,
        "ledger": removed,
        "in_flight": in_flight,
        "dead_letters": len(data.dead_letters),
        "shared_dead_letters": [dead_letter.message_id for dead_letter in data.shared],
        "journal": data.journal_entries,
    }
