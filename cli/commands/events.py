"""``events``."""

import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import click

from cli import output, pausing
from cli.cloud_logs import read_logs, results_command
from cli.deployment import Deployment
from cli.event_list import PENDING_FILTER, STATUSES, Filter, Row, list_events
from cli.journal_entries import JournalEntry
from cli.journal_file import read_newest
from cli.options import Time, deployment_of, deployment_options
from cli.pubsub import PubSub
from cli.times import next_attempt_words, short_time, timestamp_of
from functions.events.catalog import ENTITIES

MAX_ENTRIES = 20_000  # of the journal
DEFAULT_LIMIT = 50
DEFAULT_HOURS = 1  # of Cloud Logging
POLL_SECONDS = 0.5
COLUMNS = ("CHANGED (UTC)", "STATE", "EVENT", "UID", "ATTEMPT", "STATUS", "NEXT")


@click.command()
@click.option(
    "--state",
    type=click.Choice([PENDING_FILTER, *STATUSES]),
    help=f"Only this state; {PENDING_FILTER}: all that are not final.",
)
@click.option("--entity", type=click.Choice(ENTITIES), help="Only these.")
@click.option("--uid", default="", help="Only uids that contain this text.")
@click.option(
    "--since", type=Time(), help="Not older than this time, date, or 15m, 3h."
)
@click.option("--until", type=Time(), help="Older than this.")
@click.option(
    "--limit",
    default=DEFAULT_LIMIT,
    show_default=True,
    type=click.IntRange(1),
    help="List at most that many.",
)
@click.option("--follow", is_flag=True, help="Then show each change, until Ctrl-C.")
@deployment_options
def events(
    state: str | None,
    entity: str | None,
    uid: str,
    since: str | None,
    until: str | None,
    limit: int,
    follow: bool,
    project: str | None,
    prefix: str | None,
    ledger: str | None,
    as_json: bool,
) -> None:
    """List events with their state, newest first, and when a failed one is retried.

    A deployment's events are read from Cloud Logging, with gcloud; the time of the next
    attempt is estimated from the default backoff.
    """
    deployment = deployment_of(project, prefix, ledger)
    if follow and not deployment.state:
        raise click.UsageError("--follow is for the local stack: omit it")
    wanted = Filter(
        entity=entity or "",
        status=state or "",
        uid=uid,
        since=_seconds(since) if since else 0.0,
        until=_seconds(until) if until else math.inf,
    )
    with PubSub(deployment.pubsub) as pubsub:
        source = _Source(deployment, pubsub, wanted)
        # A change during the listing is one that is followed, too.
        listed = list(source.rows() if follow else islice(source.rows(), limit))
        rows = listed[:limit]
        if as_json:
            for row in rows:
                output.write_json(_as_dict(row))
        elif rows or follow:
            now = time.time()
            output.table(COLUMNS, (_cells(row, now) for row in rows))
        else:
            output.write(f"No such events in {deployment.name}.")
        if follow:
            _follow(source, listed, as_json)


@dataclass
class _Source:
    """Where the events of a deployment are read."""

    deployment: Deployment
    pubsub: PubSub
    wanted: Filter

    def rows(self) -> Iterator[Row]:
        """The events, newest first."""
        state = self.deployment.state
        paused = self._paused()
        if state is not None:
            return list_events(read_newest(state, MAX_ENTRIES), self.wanted, paused)
        hours = DEFAULT_HOURS
        if self.wanted.since:
            hours = math.ceil((time.time() - self.wanted.since) / 3600)
        entries = (
            JournalEntry(number, _seconds(entry.at), entry.stage, entry.labels)
            for number, entry in enumerate(
                read_logs(results_command(self.deployment, max(1, hours)))
            )
        )
        return list_events(entries, self.wanted, paused, estimated=True)

    def _paused(self) -> frozenset[str]:
        return frozenset(
            entity
            for entity in ENTITIES
            if pausing.is_paused(self.deployment, self.pubsub, entity)
        )


def _follow(source: _Source, listed: list[Row], as_json: bool) -> None:
    """Print each event whose state, attempt or status is no longer that of *listed*."""
    sys.stdout.flush()
    shown = {row.key: _change(row) for row in listed}
    while True:
        time.sleep(POLL_SECONDS)
        for row in reversed(list(source.rows())):
            if shown.get(row.key) == _change(row):
                continue
            shown[row.key] = _change(row)
            if as_json:
                output.write_json(_as_dict(row))
            else:
                cells = (str(cell) for cell in _cells(row, time.time()))
                output.write("  ".join(cell for cell in cells if cell))
                sys.stdout.flush()


def _change(row: Row) -> tuple[Any, ...]:
    return row.status, row.attempt, row.http_status


def _cells(row: Row, now: float) -> tuple[Any, ...]:
    next_attempt = ""
    if row.next_attempt and row.attempt:
        next_attempt = next_attempt_words(row.attempt + 1, row.next_attempt, now)
    return (
        short_time(timestamp_of(row.at)),
        row.status,
        row.event.removeprefix("be-observer."),
        row.uid or "-",
        row.attempt or "",
        row.http_status or "",
        next_attempt,
    )


def _as_dict(row: Row) -> dict[str, Any]:
    """What ``--json`` prints: times as in the other commands."""
    times = {
        name: timestamp_of(seconds)
        for name in ("at", "posted", "next_attempt")
        if (seconds := getattr(row, name)) is not None
    }
    fields = {n: v for n, v in vars(row).items() if n not in ("key", "request")}
    fields["state"] = fields.pop("status")
    fields["status"] = fields.pop("http_status")
    return {n: v for n, v in {**fields, **times}.items() if v not in (None, "", [])}


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
