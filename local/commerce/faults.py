"""Injected faults: which calls fail, how, and how often."""

import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any

MAX_DELAY_SECONDS = 600


@dataclass
class Fault:
    """One fault.

    Attributes:
        path: a regular expression searched in the path as sent; None: any path.
        method: None: any.
        times: calls that it still applies to; None: all.
        status: answered instead; None: Commerce's own response (a delay alone).
        message: of Commerce's JSON, ``{"message": …}``.
        body: instead of that: text is sent as it is (as ``text/html`` unless *headers*
            name another type), everything else as JSON.
        headers: of the response, like Retry-After or Location.
        delay_seconds: before anything else.
        after: the call takes effect, and only its response is replaced.
        drop: ``before`` or ``after`` the call took effect, the connection is closed
            without a response.
    """

    path: str | None = None
    method: str | None = None
    times: int | None = 1
    status: int | None = None
    message: str | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    after: bool = False
    drop: str | None = None
    id: int = 0

    def __post_init__(self) -> None:
        for name, valid in (
            ("path", self.path is None or _is_pattern(self.path)),
            ("method", self.method is None or isinstance(self.method, str)),
            ("times", self.times is None or _is_within(self.times, 1, 10**9)),
            ("status", self.status is None or _is_within(self.status, 200, 599)),
            ("message", self.message is None or isinstance(self.message, str)),
            ("headers", _are_headers(self.headers)),
            ("delay_seconds", _is_delay(self.delay_seconds)),
            ("after", isinstance(self.after, bool)),
            ("drop", self.drop in (None, "before", "after")),
        ):
            if not valid:
                raise ValueError(f"invalid {name}")
        if self.status is None and (self.message is not None or self.body is not None):
            raise ValueError("message and body need a status")
        if self.drop and self.status is not None:
            raise ValueError("a dropped connection has no status")
        if self.status is None and not self.drop and not self.delay_seconds:
            raise ValueError("set status, delay_seconds or drop")

    @property
    def takes_effect(self) -> bool:
        """Whether the call takes effect all the same."""
        if self.drop:
            return self.drop == "after"
        return self.after or self.status is None

    def response(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the response."""
        if isinstance(self.body, str):
            content_type, body = "text/html; charset=utf-8", self.body.encode()
        else:
            content_type = "application/json; charset=utf-8"
            message = "Injected fault" if self.message is None else self.message
            document = {"message": message} if self.body is None else self.body
            body = json.dumps(document).encode()
        return self.status, {"content-type": content_type, **self.headers}, body


class Faults:
    """The active faults; of several that match a call, the oldest applies."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._last_id = 0

    def add(self, **attributes: Any) -> Fault:
        """Inject a fault.

        Raises:
            ValueError: an attribute is unknown or invalid; the text says which.
        """
        known = set(Fault.__dataclass_fields__) - {"id"}
        if unknown := sorted(set(attributes) - known):
            raise ValueError(f"unknown attribute {', '.join(unknown)}")
        fault = Fault(**attributes, id=self._last_id + 1)
        self._last_id = fault.id
        self._faults.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """The fault of this call, which counts as one of its times."""
        for fault in self._faults:
            if fault.method not in (None, method):
                continue
            if fault.path is not None and not re.search(fault.path, path):
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times == 0:
                    self._faults.remove(fault)
            return fault
        return None

    def remove(self, fault_id: int | None = None) -> None:
        """Remove one fault, or all."""
        self._faults = [
            fault for fault in self._faults if fault_id not in (None, fault.id)
        ]

    def as_dicts(self) -> list[dict[str, Any]]:
        """The active faults, oldest first."""
        return [asdict(fault) for fault in self._faults]


def _is_pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except (re.error, TypeError):
        return False
    return isinstance(value, str)


def _is_within(value: Any, lowest: int, highest: int) -> bool:
    return type(value) is int and lowest <= value <= highest


def _is_delay(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= MAX_DELAY_SECONDS


def _are_headers(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(text, str) and text.isprintable() and text.isascii()
        for pair in value.items()
        for text in pair
    )
