"""Puts what the functions say of one event into the order in which it happened.

Each function's lines come through a pipe of its own, and ingest writes many at once, so
a delivery may be read of before the publishing that caused it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

KNOWN = 10_000  # messages remembered; older ones are long on their way
HOLD_SECONDS = 0.1  # ten times what ingest's lines wait


class InOrder:
    """Hands stages on; a first delivery comes after word of the message's publishing.

    What ingest never tells of (it was killed, the message was replayed or is of an
    earlier run) is told a moment late.

    Args:
        observe: called as ``observe(stage, **labels)``, at once or a little later.
        hold_seconds: how long a first delivery waits for word of its publishing.
    """

    def __init__(
        self, observe: Callable[..., None], hold_seconds: float = HOLD_SECONDS
    ) -> None:
        self._observe = observe
        self._hold_seconds = hold_seconds
        self._published: OrderedDict[str | None, None] = OrderedDict()  # message ids
        self._held: dict[str | None, list[tuple[str, dict[str, Any]]]] = {}

    def __call__(self, stage: str, **labels: Any) -> None:
        message_id = labels.get("message_id")
        if stage == "published":
            self._observe(stage, **labels)
            self._known(message_id)
        elif message_id in self._held:
            self._held[message_id].append((stage, labels))
        elif self._too_early(stage, labels):
            self._held[message_id] = [(stage, labels)]
            loop = asyncio.get_running_loop()
            loop.call_later(self._hold_seconds, self._known, message_id)
        else:
            self._observe(stage, **labels)

    async def stop(self) -> None:
        """Tell what is still held; there may be no later."""
        for message_id in list(self._held):
            self._known(message_id)

    def _too_early(self, stage: str, labels: dict[str, Any]) -> bool:
        return (
            stage == "attempt"
            and labels.get("attempt") == 1
            and labels.get("message_id") not in self._published
        )

    def _known(self, message_id: str | None) -> None:
        self._published[message_id] = None
        if len(self._published) > KNOWN:
            self._published.popitem(last=False)
        for stage, labels in self._held.pop(message_id, ()):
            self._observe(stage, **labels)
