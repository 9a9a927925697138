"""Ingest's answers to batches, in the place of ``requests.Session``."""

import json
from collections.abc import Callable
from typing import Any

import requests

from functions.ingest.envelope import MAX_ERRORS, InvalidEvent, validate_item


class BatchIngest:
    """Answers each post as ingest does.

    Args:
        respond: called with the number of the request, from 1, and its events; returns
            a status to fail with, raises, or returns None to accept.

    Attributes:
        batches: the events of each request that was answered as accepted.
        sent_headers, body: of the last request.
    """

    def __init__(
        self, respond: Callable[[int, list[dict]], int | None] = lambda *_: None
    ) -> None:
        self.sent_headers: dict[str, str] = {}
        self.body = b""
        self.batches: list[list[dict[str, Any]]] = []
        self._respond = respond
        self._count = 0

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events, in the order of their arrival."""
        return [event for batch in self.batches for event in batch]

    def post(
        self, url: str, data: bytes, headers: dict[str, str], **options: Any
    ) -> requests.Response:
        """Answer a batch."""
        self.sent_headers, self.body = headers, data
        events = json.loads(data)["data"]
        self._count += 1
        if status := self._respond(self._count, events):
            return response(status, {"error": "scripted"})
        self.batches.append(events)
        results = [_result(*item) for item in enumerate(events)]
        accepted = sum(result["status"] == 200 for result in results)
        status = 200 if accepted == len(results) else 207 if accepted else 400
        counts = {"accepted": accepted, "rejected": len(results) - accepted}
        return response(status, {"results": results, **counts, "failed": 0})


def response(status: int, body: Any, **headers: str) -> requests.Response:
    """A response of ``requests``."""
    answer = requests.Response()
    answer.status_code = status
    answer._content = json.dumps(body).encode()
    answer.headers.update(headers)
    return answer


def _result(index: int, event: dict[str, Any]) -> dict[str, Any]:
    try:
        validate_item(event, index, MAX_ERRORS)
    except InvalidEvent as invalid:
        errors = {"status": 400, "error": invalid.error, "errors": invalid.errors}
        return {"uid": event.get("uid"), **errors}
    published = {"success": True, "message": "Event published successfully"}
    return {
        "uid": event["uid"],
        "status": 200,
        "type": event["event"],
        "response": published,
    }
