"""Told to fail: what the stand-in answers instead, for whom, and how often."""

import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any

LONGEST_DELAY_SECONDS = 600


@dataclass
class Fault:
    """One way to fail.

    Attributes:
        path: a regular expression that is found in the path as sent; None: any path.
        method: None: any.
        times: calls it still applies to; None: for ever.
        status: answered instead; None: Commerce's own answer (a delay alone).
        message: of Commerce's JSON, ``{"message": …}``.
        body: instead of that: text goes out as it is (with ``text/html`` unless
            *headers* say otherwise), everything else as JSON.
        headers: to answer with, like Retry-After or Location.
        delay_seconds: before anything else.
        after: the change takes effect first, and only the answer is this.
        drop: ``before`` or ``after`` the change took effect, the connection breaks
            without an answer.
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
        for name, good in (
            ("path", self.path is None or _is_pattern(self.path)),
            ("method", self.method is None or isinstance(self.method, str)),
            ("times", self.times is None or _within(self.times, int, 1, 10**9)),
            ("status", self.status is None or _within(self.status, int, 200, 599)),
            ("message", self.message is None or isinstance(self.message, str)),
            ("headers", _is_headers(self.headers)),
            (
                "delay_seconds",
                _within(self.delay_seconds, (int, float), 0, LONGEST_DELAY_SECONDS),
            ),
            ("after", isinstance(self.after, bool)),
            ("drop", self.drop in (None, "before", "after")),
        ):
            if not good:
                raise ValueError(f"{name} is not right")
        if self.status is None and (self.message is not None or self.body is not None):
            raise ValueError("an answer needs a status")
        if self.drop and self.status is not None:
            raise ValueError("a dropped connection has no status")
        if self.status is None and not self.drop and not self.delay_seconds:
            raise ValueError("say what to do: status, delay_seconds or drop")

    @property
    def late(self) -> bool:
        """Whether the change takes effect all the same."""
        if self.drop:
            return self.drop == "after"
        return self.after or self.status is None

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and content to answer with."""
        if isinstance(self.body, str):
            kind, content = "text/html; charset=utf-8", self.body.encode()
        else:
            kind = "application/json; charset=utf-8"
            text = "Told to fail" if self.message is None else self.message
            body = self.body if self.body is not None else {"message": text}
            content = json.dumps(body).encode()
        return self.status, {"content-type": kind, **self.headers}, content


class Faults:
    """The faults in force; of several that match, the oldest applies."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._last = 0

    def add(self, **fault: Any) -> Fault:
        """Put a fault in force.

        Raises:
            ValueError: it makes no sense; the text says why.
        """
        unknown = set(fault) - set(Fault.__dataclass_fields__) | set(fault) & {"id"}
        if unknown:
            raise ValueError(f"there is no {', '.join(sorted(unknown))}")
        self._last += 1
        made = Fault(**fault, id=self._last)
        self._faults.append(made)
        return made

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this call, which counts as one of its times."""
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

    def remove(self, number: int | None = None) -> None:
        """End one fault, or all."""
        self._faults = [
            f for f in self._faults if number is not None and f.id != number
        ]

    def listed(self) -> list[dict[str, Any]]:
        """Those in force, oldest first."""
        return [asdict(fault) for fault in self._faults]


def _is_pattern(text: Any) -> bool:
    try:
        re.compile(text)
    except (re.error, TypeError):
        return False
    return isinstance(text, str)


def _within(value: Any, kinds: Any, least: float, most: float) -> bool:
    return (
        isinstance(value, kinds)
        and not isinstance(value, bool)
        and least <= value <= most
    )


def _is_headers(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(text, str) and text.isprintable() and text.isascii()
        for pair in value.items()
        for text in pair
    )
