"""Waits for the results of an import's events."""

import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, Any, NamedTuple, Protocol
from urllib.parse import quote, urlsplit

import requests

from cli.credentials import Credentials
from cli.deployment import Deployment, Unreachable
from functions.ledger.ledger import Ledger
from functions.ledger.states import entry_state, newest_entry

POLL_SECONDS = 0.5
EXHAUSTED_AFTER_SECONDS = 10.0  # without a change, dead letters are searched
TIMEOUT_SECONDS = 30


class EventResult(NamedTuple):
    """State of an event, as of ``GET /events/<uid>``, and the message of its result."""

    state: str
    message: str = ""


class Results(Protocol):
    """Where results are read."""

    def of(self, uid: str) -> EventResult:
        """The present result of *uid*."""
        ...

    def exhausted(self) -> dict[str, str]:
        """The reasons of events whose delivery attempts are exhausted, by uid."""
        ...


class LedgerResults:
    """Reads a deployment's ledger, and its dead letters."""

    def __init__(self, ledger: Ledger, deployment: Deployment) -> None:
        self._ledger = ledger
        self._deployment = deployment

    def of(self, uid: str) -> EventResult:
        """As of ``Results``."""
        now = time.time()
        for record in self._ledger.events_of(uid):
            if entry := newest_entry(record):
                return EventResult(entry_state(entry, now), entry["message"] or "")
        return EventResult("waiting")

    def exhausted(self) -> dict[str, str]:
        """As of ``Results``."""
        # Pub/Sub's library takes half a second to load.
        from cli.dead_letter import Selection
        from cli.dead_letter_queue import open_dead_letters

        with open_dead_letters(self._deployment) as queue:
            return {
                dead_letter.uid: dead_letter.reason
                for dead_letter in queue.select(Selection())
                if dead_letter.origin == "pubsub"
            }


class IngestResults:
    """Asks ingest for the status of events."""

    def __init__(self, url: str, credentials: Credentials) -> None:
        self._url = url.rstrip("/")
        self._http = requests.Session()
        self._credentials = credentials

    def of(self, uid: str) -> EventResult:
        """As of ``Results``.

        Raises:
            Unreachable: ingest gives no status.
        """
        url = f"{self._url}/events/{quote(uid, safe='')}"
        # Of a GET, method and path are signed in the place of a body.
        signed = f"GET {urlsplit(url).path}".encode()
        headers = self._credentials.headers(signed)
        try:
            response = self._http.get(url, headers=headers, timeout=TIMEOUT_SECONDS)
            answer: dict[str, Any] = response.json()
        except (requests.RequestException, ValueError):
            raise Unreachable(f"{self._url} does not answer with a status") from None
        if response.status_code == 404:
            return EventResult("waiting")
        if response.status_code == 503:
            return EventResult("retrying")
        if response.status_code != 200:
            raise Unreachable(
                f"{self._url} answers {response.status_code} to the status of an event:"
                " --wait needs GET /events/<uid> (LEDGER at ingest), see docs/ingest.md"
            )
        return EventResult(str(answer.get("state")), str(answer.get("message", "")))

    def exhausted(self) -> dict[str, str]:
        """None are known to ingest."""
        return {}


class Failed(NamedTuple):
    """An event that was not applied."""

    uid: str
    rows: list[int]
    message: str


@dataclass
class Following:
    """The state of waiting.

    Attributes:
        handled: events so far.
        waiting: events that have no final result.
    """

    handled: int = 0
    failed: int = 0
    waiting: int = 0


def follow(
    events: IO[str],
    results: Results,
    report: Callable[[Failed], None],
    progress: Callable[[Following], None] = lambda following: None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Following:
    """Wait until every event of *events* has a final result.

    Each pass reads the waiting events from a file and writes those that still wait into
    the next one, so that any number of events needs little memory.

    Args:
        events: lines ``uid<tab>row,…``.
        report: called with each event that is not applied.
        progress: called with each result.
    """
    following, changed = Following(), clock()
    exhausted: dict[str, str] = {}
    while True:
        following.waiting = 0
        remaining = tempfile.TemporaryFile("w+")
        before = following.handled + following.failed
        events.seek(0)
        for line in events:
            uid, _, rows = line.rstrip("\n").partition("\t")
            result = results.of(uid)
            if result.state == "handled":
                following.handled += 1
            elif result.state == "rejected" or uid in exhausted:
                following.failed += 1
                message = exhausted.get(uid, result.message)
                report(Failed(uid, _numbers(rows.split(",")), message))
            else:
                following.waiting += 1
                remaining.write(line)
            progress(following)
        events.close()
        events = remaining
        if not following.waiting:
            remaining.close()
            return following
        if following.handled + following.failed > before:
            changed = clock()
        elif clock() - changed > EXHAUSTED_AFTER_SECONDS:
            exhausted, changed = results.exhausted(), clock()
        sleep(POLL_SECONDS)


def _numbers(rows: Iterable[str]) -> list[int]:
    return [int(row) for row in rows]
