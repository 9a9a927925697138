"""Stores rejected events in the dead-letter topic, with the reason."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from functions.consumer.push import Push
from functions.pubsub.dead_letters import add_dead_letter_attributes
from functions.pubsub.endpoint import Endpoint, topic_path
from functions.pubsub.errors import PublishFailed
from functions.timestamps import normalize_timestamp

if TYPE_CHECKING:
    from google.pubsub_v1 import PublisherClient

# For one dead letter, far below the ack deadline, so that a push gets its answer. The
# client's own retry would go on for ten minutes whatever the timeout of a call.
TIMEOUT_SECONDS = 30.0
RETRY_SECONDS = 3.0  # part of these, in which a failed call is repeated
CHANNEL_OPTIONS = (
    # A connection that a load balancer dropped silently is noticed within 40 s.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # After an outage, reconnect within seconds instead of gRPC's two minutes.
    ("grpc.max_reconnect_backoff_ms", 5_000),
)


class DeadLetterTopic:
    """The dead-letter topic; connects with the first dead letter.

    Args:
        project: Google Cloud project id.
        topic: name of the topic.
        endpoint: Pub/Sub's.
        timeout_seconds: for one dead letter, retries included.
        retry_seconds: the part of it in which failed calls are retried.
    """

    def __init__(
        self,
        project: str,
        topic: str,
        endpoint: Endpoint,
        timeout_seconds: float = TIMEOUT_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._retry_seconds = retry_seconds
        self._topic = topic_path(project, topic)
        self._endpoint = endpoint
        self._client: PublisherClient | None = None

    def store(self, push: Push, status: int, reason: str) -> None:
        """Store *push* with *status* and *reason*.

        Raises:
            PublishFailed: it is not known to be stored; do not acknowledge the push.
        """
        # Most instances never reject an event: they need not import gRPC.
        from google.api_core.exceptions import GoogleAPIError, RetryError
        from google.api_core.retry import Retry
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
                topic=self._topic,
                messages=[message],
                retry=Retry(initial=0.1, maximum=0.8, timeout=self._retry_seconds),
                timeout=self._timeout_seconds - self._retry_seconds,
            )
        except (GoogleAPIError, GoogleAuthError) as error:
            cause = error.cause if isinstance(error, RetryError) else error
            raise PublishFailed(type(cause).__name__) from error
        if not response.message_ids:
            raise PublishFailed("NO_MESSAGE_ID")


def dead_letter_attributes(
    push: Push, status: int, reason: str, now: datetime
) -> dict[str, str]:
    """The attributes of *push* and of its dead letter, within Pub/Sub's limits.

    ``ce-time`` is the event time that counted, so that it also counts for a replay,
    whose publish time is another.
    """
    attributes = push.attributes
    given = normalize_timestamp(attributes.get("ce-time", ""))
    if push.published and given != push.time:
        attributes = {**attributes, "ce-time": push.time}
    return add_dead_letter_attributes(
        attributes,
        reason=reason,
        status=status,
        subscription=push.subscription,
        message_id=push.message_id,
        attempts=push.attempt or 1,
        now=now,
    )


def _publisher_client(endpoint: Endpoint) -> "PublisherClient":
    # The GAPIC client, not the batching one of google.cloud.pubsub_v1, which pauses an
    # ordering key after a failed publish.
    from google.pubsub_v1 import PublisherClient
    from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

    if endpoint.emulator:
        import grpc

        channel = grpc.insecure_channel(endpoint.address, CHANNEL_OPTIONS)
    else:
        channel = PublisherGrpcTransport.create_channel(
            endpoint.address, options=CHANNEL_OPTIONS
        )
    return PublisherClient(transport=PublisherGrpcTransport(channel=channel))
