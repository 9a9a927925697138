"""Hands messages to Pub/Sub, one call each, on the event loop that serves requests."""

import asyncio

import grpc
import grpc.aio

from functions.events.message import Message
from functions.pubsub import (
    CHANNEL_OPTIONS,
    PUBLISH,
    SCOPES,
    Endpoint,
    PublishRequest,
    PublishResponse,
    publish_request,
    topic_path,
)


class NotStored(Exception):
    """Pub/Sub did not confirm the message; it may be sent again.

    Attributes:
        code: gRPC status name, such as UNAVAILABLE.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Publisher:
    """A channel to Pub/Sub, made by the first message.

    Args:
        project: Google Cloud project id.
        where: Pub/Sub's endpoint.
        timeout_seconds: for one message, retries included.
    """

    def __init__(self, project: str, where: Endpoint, timeout_seconds: float) -> None:
        self._project = project
        self._where = where
        self._timeout = timeout_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._publish = None

    async def publish(self, topic: str, message: Message) -> str:
        """Store *message* in *topic* and return its message id.

        Raises:
            NotStored: Pub/Sub is away, refuses, or has not answered in time.
        """
        # A channel belongs to the loop it was made on, and none runs at import.
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._publish = self._connect()
            self._loop = loop
        request = publish_request(
            topic_path(self._project, topic),
            message.data,
            message.attributes,
            message.ordering_key,
        )
        try:
            response = await self._publish(request, timeout=self._timeout)
        except grpc.aio.AioRpcError as error:
            raise NotStored(error.code().name) from error
        if len(response.message_ids) != 1:
            raise NotStored("NO_MESSAGE_ID")
        return response.message_ids[0]

    def _connect(self) -> grpc.aio.UnaryUnaryMultiCallable:
        address = self._where.address
        if self._where.emulator:
            channel = grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
        else:
            # Signs in through google-auth; not imported where nobody signs in.
            from google.api_core import grpc_helpers_async

            channel = grpc_helpers_async.create_channel(
                address, default_scopes=SCOPES, options=CHANNEL_OPTIONS
            )
        return channel.unary_unary(
            PUBLISH,
            request_serializer=PublishRequest.SerializeToString,
            response_deserializer=PublishResponse.FromString,
        )
