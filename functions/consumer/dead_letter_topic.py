"""Stores what is refused for good in the dead-letter topic, with why."""

from datetime import UTC, datetime

from functions.consumer.push import Push
from functions.pubsub.endpoint import Endpoint, topic_path
from functions.timestamps import timestamp

SECONDS = 30.0  # far below the ack deadline, so that a push is answered either way
LONGEST_ATTRIBUTE = 1024  # bytes, Pub/Sub's limit
LONGEST_NAME = 256
MOST_ATTRIBUTES = 100
PREFIX = "dead-letter-"


class PublishFailed(Exception):
    """The dead-letter topic did not confirm; the push must not be acknowledged."""


class DeadLetters:
    """The dead-letter topic; connects with its first letter.

    Args:
        project: Google Cloud project id.
        topic: name of the topic.
        where: Pub/Sub's endpoint.
    """

    def __init__(self, project: str, topic: str, where: Endpoint) -> None:
        self._topic = topic_path(project, topic)
        self._where = where
        self._publish = None

    def store(self, push: Push, status: int, reason: str) -> None:
        """Store *push* with *status* and *reason*.

        Raises:
            PublishFailed: it is not known to be stored.
        """
        # Most instances never refuse anything; gRPC's import waits until one does.
        import grpc

        from functions.pubsub import publish, wire

        if self._publish is None:
            self._publish = publish.publish_method(self._where)
        request = wire.publish_request(
            self._topic,
            push.data,
            dead_letter_attributes(push, status, reason, datetime.now(UTC)),
            push.ordering_key,
        )
        try:
            ids = self._publish(request, timeout=SECONDS)
        except grpc.RpcError as error:
            raise PublishFailed(error.code().name) from error
        if not ids:
            raise PublishFailed("NO_MESSAGE_ID")


def dead_letter_attributes(
    push: Push, status: int, reason: str, now: datetime
) -> dict[str, str]:
    """The original attributes and ours, within what Pub/Sub takes.

    What an earlier dead letter of the same event said of itself is replaced.
    """
    ours = {
        "reason": reason,
        "status": str(status),
        "subscription": push.subscription,
        "message-id": push.message_id,
        "attempts": str(push.attempt or 1),
        "time": timestamp(now),
    }
    original = {
        name: cut(value, LONGEST_ATTRIBUTE)
        for name, value in push.attributes.items()
        if name and not name.startswith(PREFIX) and len(name.encode()) <= LONGEST_NAME
    }
    kept = list(original.items())[: MOST_ATTRIBUTES - len(ours)]
    return dict(kept) | {
        PREFIX + name: cut(value, LONGEST_ATTRIBUTE) for name, value in ours.items()
    }


def cut(text: str, most: int) -> str:
    """*text*, cut at the end to at most *most* bytes of UTF-8, whole characters."""
    raw = text.encode(errors="replace")
    if len(raw) <= most:
        return raw.decode()
    return raw[: most - 3].decode(errors="ignore") + "…"
