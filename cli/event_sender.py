"""Posts events to ingest and waits for their results in the local ledger."""

import json
import time
from dataclasses import dataclass, field
from typing import Any, Literal

import requests

from cli import local_stack
from cli.credentials import Credentials
from cli.deployment import StackFile, Unreachable
from cli.ledger_entries import record_entries
from cli.sample_events import SampleRun
from functions.events.catalog import OUTBOUND_EVENTS
from functions.ledger.states import Entry
from functions.ledger.stores import open_ledger

POLL_SECONDS = 0.05
NDJSON = "application/x-ndjson"
POST_TIMEOUT_SECONDS = 30
INVALID_URL = (
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
)


class InvalidUrl(ValueError):
    """The address is not an HTTP URL."""


@dataclass(frozen=True)
class SendResult:
    """What became of one posted event.

    Attributes:
        posted: HTTP status of ingest.
        answer: JSON body of ingest.
        outcome: ``accepted`` where the ledger cannot be read.
        status: of the consumer's result, where there is one.
        message: the sentence of that result.
        ms: from the request until the result was seen.
        attempt: number of the next delivery attempt of a retrying event, if known.
        next_attempt: its earliest time, as :func:`functions.timestamps.timestamp`.
    """

    uid: str
    event: str
    posted: int
    answer: dict[str, Any]
    outcome: Literal["accepted", "rejected", "waiting", "retrying", "handled"]
    status: int | None = None
    message: str | None = None
    ms: float | None = None
    attempt: int | None = None
    next_attempt: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the event was neither handled nor, by a remote ingest, accepted."""
        return self.outcome not in ("handled", "accepted")

    def as_dict(self) -> dict[str, Any]:
        """What ``--json`` prints: values that are None are left out."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass
class EventSender:
    """Posts events to one ingest function.

    Attributes:
        url: of ingest.
        credentials: authenticate each post.
        stack: of the local stack; None for another deployment.
        wait_seconds: how long to wait for the result of an event.
    """

    url: str
    credentials: Credentials
    stack: StackFile | None
    wait_seconds: float
    run: SampleRun = field(default_factory=SampleRun)

    def __post_init__(self) -> None:
        self._http = requests.Session()
        stack = self.stack
        self._ledger = open_ledger(stack["ledger"], stack["project"]) if stack else None

    def sample(self, event: str) -> dict[str, Any]:
        """The request body for the sample of *event*."""
        if self.stack:
            self.run.ids.update(local_stack.stand_in_ids(self.stack, self.run))
        uid = f"demo-{self.run.name}-{event.removeprefix('be-observer.')}"
        return {"data": {"uid": uid, "event": event, "value": self.run.value(event)}}

    def post(self, body: Any) -> list[SendResult]:
        """Post *body*, and wait for the results of its events.

        Args:
            body: a JSON value, whose ``data`` may be a list; or NDJSON as bytes.

        Returns:
            One result for each event; a single one where ingest rejected the whole
            batch.

        Raises:
            InvalidUrl: the address is not an HTTP URL.
            Unreachable: no ingest function answers there.
        """
        data = _ndjson_items(body) if isinstance(body, bytes) else _data_of(body)
        names = [_name(item) for item in (data if isinstance(data, list) else [data])]
        before = {uid: set(self._entries(uid)) for uid, _ in names}
        start = time.monotonic()
        response = self._request(body)
        answer = _read_json(response)
        if not isinstance(data, list):
            answers = [{**answer, "status": response.status_code}]
        elif len(answer.get("results") or ()) == len(names):
            answers = answer["results"]
        else:
            names = [("", f"batch of {len(data)} events")]
            answers = [{**answer, "status": response.status_code}]
        deadline = time.monotonic() + self.wait_seconds
        return [
            self._result(uid, event, one, before, start, deadline)
            for (uid, event), one in zip(names, answers, strict=True)
        ]

    def _request(self, body: Any) -> requests.Response:
        if isinstance(body, bytes):
            content, media_type = body, NDJSON
        else:
            content, media_type = json.dumps(body).encode(), "application/json"
        headers = {"Content-Type": media_type, **self.credentials.headers(content)}
        try:
            return self._http.post(
                self.url, content, headers=headers, timeout=POST_TIMEOUT_SECONDS
            )
        except INVALID_URL as error:
            raise InvalidUrl(str(error)) from None
        except requests.RequestException as error:
            raise Unreachable(
                f"{self.url} does not answer ({type(error).__name__}): is the address"
                " right, and does ingest run?"
            ) from error

    def _result(
        self,
        uid: str,
        event: str,
        answer: dict[str, Any],
        before: dict[str, set[str]],
        start: float,
        deadline: float,
    ) -> SendResult:
        """What became of one event.

        Args:
            answer: ingest's to it, with its ``status``.
            before: messages that carried each uid before, extended by the event's own.
        """
        status = answer.pop("status")
        if status != 200:
            return SendResult(uid, event, status, answer, "rejected")
        if not _is_ingest(answer):
            raise Unreachable(
                f"{self.url} answers 200, but is not the ingest function: check the"
                " address"
            )
        if not self._ledger:
            return SendResult(uid, event, 200, answer, "accepted")
        outcome, result, message = self._wait(uid, before[uid], deadline)
        ms = round((time.monotonic() - start) * 1000, 1)
        return SendResult(uid, event, 200, answer, outcome, result, message, ms)

    def simulate(self, event: str) -> SendResult:
        """Have the Commerce stand-in report the outbound *event*, and await its result.

        Raises:
            Unreachable: there is no stand-in.
        """
        if self.stack is None or self.stack["real_store"]:
            raise Unreachable(
                f"{event} is an event of Commerce, which the stand-in of make run"
                " simulates; a real store sends its own"
            )
        source = str(OUTBOUND_EVENTS[event].source).removeprefix("observer.")
        start = time.monotonic()
        sent = local_stack.report_event(self.stack, source, self.run.value(event))
        uid, posted = sent["event_id"], sent["status"] or 0
        try:
            answer = json.loads(sent["answer"])
        except ValueError:
            answer = {"error": sent["answer"]}
        if posted != 200 or "response" not in answer:
            return SendResult(uid, event, posted, answer, "rejected")
        deadline = start + self.wait_seconds
        outcome, status, message = self._wait(uid, set(), deadline)
        ms = round((time.monotonic() - start) * 1000, 1)
        return SendResult(uid, event, 200, answer, outcome, status, message, ms)

    def _wait(
        self, uid: str, before: set[str], deadline: float
    ) -> tuple[
        Literal["waiting", "retrying", "rejected", "handled"], int | None, str | None
    ]:
        """Outcome, status and message of the posted event, by the ledger.

        Args:
            before: messages that carried the uid before; a file may be posted again.
        """
        last: Entry | None = None
        while True:
            for message_id, entry in self._entries(uid).items():
                if message_id in before or entry["status"] is None:
                    continue
                if "finished_at" in entry:
                    before.add(message_id)
                    outcome: Literal["handled", "rejected"] = (
                        "handled" if entry["status"] < 300 else "rejected"
                    )
                    return outcome, entry["status"], entry["message"]
                last = entry
            if time.monotonic() >= deadline:
                break
            time.sleep(POLL_SECONDS)
        if last is None:
            return "waiting", None, None
        return "retrying", last["status"], last["message"]

    def _entries(self, uid: str) -> dict[str, Entry]:
        """The ledger's entry for each message that carried *uid*."""
        if not self._ledger:
            return {}
        return {
            message_id: entry
            for record in self._ledger.events_of(uid)
            for message_id, entry in record_entries(record)
        }


def _data_of(body: Any) -> Any:
    return body.get("data") if isinstance(body, dict) else None


def _ndjson_items(body: bytes) -> list[Any]:
    """The events of NDJSON; None for an unreadable line, which ingest describes."""
    items: list[Any] = []
    for line in filter(bytes.strip, body.split(b"\n")):
        try:
            items.append(json.loads(line))
        except ValueError:
            items.append(None)
    return items


def _name(item: Any) -> tuple[str, str]:
    """Uid and event type of an event, as text."""
    item = item if isinstance(item, dict) else {}
    return str(item.get("uid", "")), str(item.get("event", ""))


def _read_json(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {"error": response.text[:200]}


def _is_ingest(answer: dict[str, Any]) -> bool:
    """Whether *answer* is ingest's to an event that was published."""
    response = answer.get("response")
    return isinstance(response, dict) and isinstance(response.get("message"), str)
