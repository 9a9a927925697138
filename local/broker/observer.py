"""Reports what happens to messages to the program that embeds the broker."""

import logging
from collections.abc import Callable
from typing import Any

from local.broker import pubsub_pb2

Observe = Callable[..., None]

REPLAYED = "replayed"  # set by the command that replays dead letters

log = logging.getLogger(__name__)


class Observer:
    """Calls *observe* for each stage of a message; its faults do no harm.

    Args:
        observe: as of :class:`local.broker.Broker`; None for no observer.
    """

    def __init__(self, observe: Observe | None) -> None:
        self._observe = observe

    def __call__(
        self, stage: str, message: pubsub_pb2.PubsubMessage, **labels: Any
    ) -> None:
        if self._observe is None:
            return
        attributes = message.attributes
        # ``get`` on a protobuf map with a default does not insert the key.
        labels["event"] = attributes.get("ce-type", None)
        labels["entity"] = attributes.get("entity", None)
        labels["uid"] = attributes.get("ce-id", None)
        labels["message_id"] = message.message_id
        if stage == "published" and (replays := attributes.get(REPLAYED, None)):
            labels["replayed"] = replays
        try:
            self._observe(stage, **labels)
        except Exception:
            log.exception("The observer failed at the stage %r.", stage)
