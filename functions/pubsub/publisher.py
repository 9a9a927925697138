"""Publishes messages on the event loop that serves requests."""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
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
MAX_REQUEST_MESSAGES = 1_000  # Pub/Sub's limit
TOPIC_BYTES = 1_000  # more than a topic's full name takes
ENTRY_BYTES = 8  # more than the frame of a message within its request takes
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
# What became of one of several messages: its id, or why it is not stored.
Published = str | PublishFailed | MessageTooLarge


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
        request = PublishRequest(topic=topic_path(self._project, topic))
        fill(request.messages.add(), message)
        return (await self._send(request, self.deadline()))[0]

    async def publish_in_order(
        self, topic: str, messages: Sequence[Message], deadline: float
    ) -> list[Published]:
        """Store *messages* of one ordering key in as few requests as possible.

        Args:
            deadline: time of the event loop at which the last retry ends.

        Returns:
            For each message its id, or why it is not stored. After a failure none of
            the later messages is published, and each has the same failure.
        """
        results: list[Published] = []
        failure: PublishFailed | None = None
        path = topic_path(self._project, topic)
        for encoded in split([fill(PubsubMessage(), each) for each in messages]):
            if failure is None:
                try:
                    request = PublishRequest(topic=path, messages=encoded)
                    results += await self._send(request, deadline)
                    continue
                except MessageTooLarge as too_large:  # one message alone
                    results.append(too_large)
                    continue
                except PublishFailed as failed:
                    failure = failed
            results += [failure] * len(encoded)
        return results

    def deadline(self) -> float:
        """The time of the event loop until which a message may be tried from now on."""
        return asyncio.get_running_loop().time() + self._timeout_seconds

    async def _send(self, request: Any, deadline: float) -> Sequence[str]:
        """The ids of the messages in *request*.

        Raises:
            MessageTooLarge, PublishFailed: as in :meth:`publish`.
        """
        content = request.SerializeToString()
        # A value may grow when it is encoded again: 1e14 becomes 100000000000000.0.
        if len(content) > MAX_REQUEST_BYTES:
            raise MessageTooLarge
        loop = asyncio.get_running_loop()
        # A channel belongs to the loop that it is created on, and none runs at import.
        if loop is not self._loop:
            self._publish = _publish_method(self._endpoint)
            self._loop = loop
        for delay in RETRY_DELAYS_SECONDS:
            try:
                response = await self._publish(content, timeout=deadline - loop.time())
                break
            except grpc.aio.AioRpcError as error:
                code = error.code().name
                delay *= random.uniform(*RETRY_JITTER)  # noqa: S311 - not a secret
                if code not in RETRYABLE_CODES or loop.time() + delay >= deadline:
                    raise PublishFailed(code) from error
            await asyncio.sleep(delay)
        # None when the response was not a protobuf message.
        if response is None or len(response.message_ids) != len(request.messages):
            raise PublishFailed("NO_MESSAGE_ID")
        ids: Sequence[str] = response.message_ids
        return ids


def fill(target: Any, message: Message) -> Any:
    """Set the fields of *target*, a ``PubsubMessage``, to those of *message*."""
    target.data = message.data
    target.ordering_key = message.ordering_key
    attributes = target.attributes
    for name, value in message.attributes.items():
        attributes[name] = value
    return target


def split(messages: Sequence[Any]) -> Iterator[list[Any]]:
    """*messages* in lists that each fit into a request; a too large one stays alone."""
    chunk: list[Any] = []
    size = TOPIC_BYTES
    for message in messages:
        added = message.ByteSize() + ENTRY_BYTES
        full = size + added > MAX_REQUEST_BYTES or len(chunk) == MAX_REQUEST_MESSAGES
        if chunk and full:
            yield chunk
            chunk, size = [], TOPIC_BYTES
        chunk.append(message)
        size += added
    if chunk:
        yield chunk


def _publish_method(endpoint: Endpoint) -> Publish:
    """Publish as a coroutine function of a serialized request and ``timeout``."""
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
        response_deserializer=PublishResponse.FromString,
    )
