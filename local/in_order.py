"""Puts what the functions say of one event into the order in which it happened.

Each function's lines come through a pipe of its own, so a delivery may be read of
before the publishing that caused it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

KNOWN = 10_000  # events and messages remembered; older ones are long on their way
HOLD_SECONDS = 1.0  # at most, should ingest die before it tells


class InOrder:
    """Hands stages on; what ingest received is delivered after it was published.

    Args:
        observe: called as ``observe(stage, **labels)``, at once or a little later.
        hold_seconds: how long a first delivery waits for word of its publishing.
    """

    def __init__(
        self, observe: Callable[..., None], hold_seconds: float = HOLD_SECONDS
    ) -> None:
        self._observe = observe
        self._hold_seconds = hold_seconds
        self._received: OrderedDict[str, None] = OrderedDict()  # uids not published yet
        self._published: OrderedDict[str, None] = OrderedDict()  # message ids
        self._held: dict[str, list[tuple[str, dict[str, Any]]]] = {}

    def __call__(self, stage: str, **labels: Any) -> None:
        uid, message_id = labels.get("uid"), labels.get("message_id")
        if message_id in self._held and stage != "published":
            self._held[message_id].append((stage, labels))
            return
        if self._too_early(stage, labels):
            self._held[message_id] = [(stage, labels)]
            loop = asyncio.get_running_loop()
            loop.call_later(self._hold_seconds, self._release, message_id)
            return
        self._observe(stage, **labels)
        if stage == "received" and uid and "outcome" not in labels:
            _remember(self._received, uid)
        elif stage == "published":
            self._received.pop(uid, None)
            if message_id:
                _remember(self._published, message_id)
                self._release(message_id)

    def _too_early(self, stage: str, labels: dict[str, Any]) -> bool:
        return (
            stage == "attempt"
            and labels.get("attempt") == 1
            and labels.get("uid") in self._received
            and labels.get("message_id", "") not in self._published
        )

    def _release(self, message_id: str) -> None:
        for stage, labels in self._held.pop(message_id, ()):
            self._observe(stage, **labels)


def _remember(names: OrderedDict[str, None], name: str) -> None:
    names[name] = None
    if len(names) > KNOWN:
        names.popitem(last=False)
