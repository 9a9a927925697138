"""Puts what the functions say of one event into the order in which it happened.

Each function's lines come through a pipe of its own, so a delivery may be read of
before the publishing that caused it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

KNOWN = 10_000  # messages known to be published; older ones are long on their way
HOLD_SECONDS = 1.0  # for a message published by somebody else than ingest


class InOrder:
    """Hands stages on; a first delivery waits until its publishing was told.

    Args:
        observe: called as ``observe(stage, **labels)``, at once or a little later.
        hold_seconds: how long a first delivery waits for word of its publishing.
    """

    def __init__(
        self, observe: Callable[..., None], hold_seconds: float = HOLD_SECONDS
    ) -> None:
        self._observe = observe
        self._hold_seconds = hold_seconds
        self._published: OrderedDict[str, None] = OrderedDict()
        self._held: dict[str, list[tuple[str, dict[str, Any]]]] = {}

    def __call__(self, stage: str, **labels: Any) -> None:
        message_id = labels.get("message_id")
        if stage == "published" and message_id:
            self._published[message_id] = None
            if len(self._published) > KNOWN:
                self._published.popitem(last=False)
            self._observe(stage, **labels)
            self._release(message_id)
        elif message_id in self._held:
            self._held[message_id].append((stage, labels))
        elif self._too_early(stage, message_id, labels.get("attempt")):
            self._held[message_id] = [(stage, labels)]
            loop = asyncio.get_running_loop()
            loop.call_later(self._hold_seconds, self._release, message_id)
        else:
            self._observe(stage, **labels)

    def _too_early(self, stage: str, message_id: str | None, attempt: Any) -> bool:
        first = stage == "attempt" and attempt == 1
        return bool(first and message_id and message_id not in self._published)

    def _release(self, message_id: str) -> None:
        for stage, labels in self._held.pop(message_id, ()):
            self._observe(stage, **labels)
