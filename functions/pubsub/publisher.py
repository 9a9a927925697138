"""Publishes messages, one call each, on the event loop that serves requests."""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from typing import Any

import grpc.aio
from google.pubsub_v1 import types

from functions.events.message import Message
from functions.pubsub.endpoint import Endpoint, topic_path
from functions.pubsub.errors import MessageTooLarge, PublishFailed

# Pub/Sub's limit for data, attributes and names, less what a dead letter adds to them:
# at most six attributes of a KiB, their names, and those of Pub/Sub itself.
DEAD_LETTER_BYTES = 10_000
MAX_REQUEST_BYTES = 10_000_000 - DEAD_LETTER_BYTES
PUBLISH_METHOD = "/google.pubsub.v1.Publisher/Publish"
SCOPES = ("https://www.googleapis.com/auth/pubsub",)
# The raw protobuf classes: building a request through their proto-plus wrappers takes
# five times as long.
PublishRequest = types.PublishRequest.pb()
PubsubMessage = types.PubsubMessage.pb()
PublishResponse = types.PublishResponse.pb()

# The statuses for which Google's own clients retry Publish
# (google.pubsub_v1.services.publisher.transports.base), and CANCELLED, which a server
# returns during its shutdown. A second copy of a message is a duplicate to the ledger.
RETRYABLE_CODES = frozenset(
    {
        "ABORTED",
        "CANCELLED",
        "DEADLINE_EXCEEDED",
        "INTERNAL",
        "RESOURCE_EXHAUSTED",
        "UNAVAILABLE",
        "UNKNOWN",
    }
)
RETRY_DELAYS_SECONDS = (0.1, 0.2, 0.4, 0.8, math.inf)
RETRY_JITTER = (0.8, 1.2)

CHANNEL_OPTIONS = (
    # A connection that a load balancer dropped silently is noticed within 40 s.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # After an outage, reconnect within seconds instead of gRPC's two minutes.
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # Retries are made here: gRPC's own cost each call as much as validating an event.
    ("grpc.enable_retries", 0),
)

Publish = Callable[..., Awaitable[Any]]


class Publisher:
    """Publishes to any topic of a project; connects when first used.

    Args:
        project: Google Cloud project id.
        endpoint: Pub/Sub's.
        timeout_seconds: for one message, including retries.
    """

    def __init__(
        self, project: str, endpoint: Endpoint, timeout_seconds: float
    ) -> None:
        self._project = project
        self._endpoint = endpoint
        self._timeout_seconds = timeout_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._publish: Publish

    async def publish(self, topic: str, message: Message) -> str:
        """Store *message* in *topic* and return its message id.

        Raises:
            MessageTooLarge: nothing is sent.
            PublishFailed: Pub/Sub is unavailable, rejects it, or is too slow.
        """
        loop = asyncio.get_running_loop()
        # A channel belongs to the loop that it is created on, and none runs at import.
        if loop is not self._loop:
            self._publish = _publish_method(self._endpoint)
            self._loop = loop
        request = PublishRequest(
            topic=topic_path(self._project, topic),
            messages=[
                PubsubMessage(
                    data=message.data,
                    attributes=message.attributes,
                    ordering_key=message.ordering_key,
                )
            ],
        )
        # A value may grow when it is encoded again: 1e14 becomes 100000000000000.0.
        if request.ByteSize() > MAX_REQUEST_BYTES:
            raise MessageTooLarge
        end = loop.time() + self._timeout_seconds
        for delay in RETRY_DELAYS_SECONDS:
            try:
                response = await self._publish(request, timeout=end - loop.time())
                break
            except grpc.aio.AioRpcError as error:
                code = error.code().name
                delay *= random.uniform(*RETRY_JITTER)  # noqa: S311 - not a secret
                if code not in RETRYABLE_CODES or loop.time() + delay >= end:
                    raise PublishFailed(code) from error
            await asyncio.sleep(delay)
        # None when the response was not a protobuf message.
        if response is None or not response.message_ids:
            raise PublishFailed("NO_MESSAGE_ID")
        return response.message_ids[0]


def _publish_method(endpoint: Endpoint) -> Publish:
    """Publish as a coroutine function of a request and ``timeout``."""
    if endpoint.emulator:
        channel = grpc.aio.insecure_channel(endpoint.address, options=CHANNEL_OPTIONS)
    else:
        # Imports google-auth, which the emulator does not need.
        from google.api_core import grpc_helpers_async

        channel = grpc_helpers_async.create_channel(
            endpoint.address, default_scopes=SCOPES, options=CHANNEL_OPTIONS
        )
    return channel.unary_unary(
        PUBLISH_METHOD,
        request_serializer=PublishRequest.SerializeToString,
        response_deserializer=PublishResponse.FromString,
    )
