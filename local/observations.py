"""Writes what functions, broker and stand-in report into the journal.

The functions log one entry per request and per delivery. The broker knows what is
published and which deliveries are in flight, so its observations become entries too,
in the form of log entries. Their ``component`` is "broker"; the functions' own entries
have none. Their stages: ``published`` (with ``topic``, the payload as ``data``, and
``dead_letter`` where the topic is the dead-letter topic), ``delivered`` (a delivery
attempt starts), ``answered`` (it ended, with ``status`` or ``error``, and
``next_attempt`` where there is one) and ``exhausted`` (no attempts are left).

The body of a request that ingest rejected is an entry of the stage ``request``, with
the request's id as ``message_id`` (``local/rejected_requests.py``).
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from cli.journal_entries import BROKER, REQUEST
from local.journal import Journal

MAX_PAYLOAD_BYTES = 20_000
# Entries of the functions about what the broker reports in any case.
REPORTED_BY_BROKER = ("received", "batch", "delivered")
MAX_REJECTED_UIDS = 1_000
NOT_STORED = ("severity", "stage", "time")
BROKER_STAGES = {"pushed": "delivered", "dead-lettered": "exhausted"}


def of_functions(journal: Journal) -> Callable[[dict[str, Any]], None]:
    """A function that stores one log entry of a function."""

    rejected_uids: dict[str, str] = {}  # of requests whose body is recorded next

    def observe_entry(entry: dict[str, Any]) -> None:
        stage = entry["stage"]
        if stage == REQUEST:
            entry = {**entry, "uid": rejected_uids.pop(entry["message_id"], None)}
        elif "message_id" not in entry and {"request", "uid"} <= entry.keys():
            if len(rejected_uids) > MAX_REJECTED_UIDS:
                rejected_uids.clear()
            rejected_uids[entry["request"]] = entry["uid"]
        if stage in REPORTED_BY_BROKER and "outcome" not in entry:
            return
        labels = {
            name: value
            for name, value in entry.items()
            if name not in NOT_STORED and not name.startswith("logging.googleapis.com/")
        }
        if stage == "batch":
            labels["event"] = "batch"  # one row in lists, of events that have none
        journal.observe(stage, at=_seconds(entry), **labels)

    return observe_entry


def of_broker(journal: Journal, dead_letter_topic: str) -> Callable[..., None]:
    """The broker's observer.

    Args:
        dead_letter_topic: full name.
    """

    def observe_broker(
        stage: str, data: bytes | None = None, topic: str | None = None, **labels: Any
    ) -> None:
        if data is not None:
            labels["data"] = data[:MAX_PAYLOAD_BYTES].decode(errors="replace")
        stage = BROKER_STAGES.get(stage, stage)
        if topic == dead_letter_topic:
            labels["dead_letter"] = True
        journal.observe(stage, component=BROKER, topic=topic, **labels)

    return observe_broker


def of_stand_in(journal: Journal) -> Callable[..., None]:
    """The stand-in's observer."""

    def observe_call(stage: str, **labels: Any) -> None:
        journal.observe(stage, component="commerce", **labels)

    return observe_call


def _seconds(entry: dict[str, Any]) -> float | None:
    """Seconds since 1970 of an entry's ``time``; None without one."""
    try:
        return datetime.fromisoformat(entry["time"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return None
