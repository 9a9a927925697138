"""Stores rejected events in the dead-letter topic, with the reason."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from functions.consumer.push import Push
from functions.pubsub.endpoint import Endpoint, topic_path
from functions.pubsub.errors import PublishFailed
from functions.timestamps import timestamp

if TYPE_CHECKING:
    from google.pubsub_v1 import PublisherClient

TIMEOUT_SECONDS = 30.0  # far below the ack deadline, so that a push gets its answer
MAX_ATTRIBUTE_BYTES = 1024  # Pub/Sub's limits
MAX_NAME_BYTES = 256
MAX_ATTRIBUTES = 100
PREFIX = "dead-letter-"


class DeadLetterTopic:
    """The dead-letter topic; connects with the first dead letter.

    Args:
        project: Google Cloud project id.
        topic: name of the topic.
        endpoint: Pub/Sub's.
    """

    def __init__(self, project: str, topic: str, endpoint: Endpoint) -> None:
        self._topic = topic_path(project, topic)
        self._endpoint = endpoint
        self._client: PublisherClient | None = None

    def store(self, push: Push, status: int, reason: str) -> None:
        """Store *push* with *status* and *reason*.

        Raises:
            PublishFailed: it is not known to be stored; do not acknowledge the push.
        """
        # Most instances never reject an event: they need not import gRPC.
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.exceptions import GoogleAuthError
        from google.pubsub_v1 import PubsubMessage

        message = PubsubMessage(
            data=push.data,
            attributes=dead_letter_attributes(push, status, reason, datetime.now(UTC)),
            ordering_key=push.ordering_key,
        )
        try:
            if self._client is None:
                self._client = _publisher_client(self._endpoint)
            response = self._client.publish(
                topic=self._topic, messages=[message], timeout=TIMEOUT_SECONDS
            )
        except (GoogleAPIError, GoogleAuthError) as error:
            raise PublishFailed(type(error).__name__) from error
        if not response.message_ids:
            raise PublishFailed("NO_MESSAGE_ID")


def dead_letter_attributes(
    push: Push, status: int, reason: str, now: datetime
) -> dict[str, str]:
    """The original attributes and ours, within Pub/Sub's limits.

    Attributes of an earlier dead letter of the same event are replaced.
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
        name: truncate(value, MAX_ATTRIBUTE_BYTES)
        for name, value in push.attributes.items()
        if name and not name.startswith(PREFIX) and len(name.encode()) <= MAX_NAME_BYTES
    }
    kept = dict(list(original.items())[: MAX_ATTRIBUTES - len(ours)])
    return kept | {
        PREFIX + name: truncate(value, MAX_ATTRIBUTE_BYTES)
        for name, value in ours.items()
    }


def truncate(text: str, max_bytes: int) -> str:
    """*text* in at most *max_bytes* of UTF-8, in whole characters."""
    raw = text.encode(errors="replace")
    if len(raw) <= max_bytes:
        return raw.decode()
    return raw[: max_bytes - 3].decode(errors="ignore") + "…"


def _publisher_client(endpoint: Endpoint) -> "PublisherClient":
    # The GAPIC client, not the batching one of google.cloud.pubsub_v1, which pauses an
    # ordering key after a failed publish.
    from google.pubsub_v1 import PublisherClient
    from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

    if endpoint.emulator:
        import grpc

        channel = grpc.insecure_channel(endpoint.address)
        return PublisherClient(transport=PublisherGrpcTransport(channel=channel))
    return PublisherClient(client_options={"api_endpoint": endpoint.address})
