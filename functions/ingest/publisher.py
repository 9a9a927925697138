"""Hands messages to Pub/Sub, one call each, on the event loop that serves requests."""

import asyncio
import math
import random

import grpc.aio

from functions.events.message import Message
from functions.pubsub.endpoint import Endpoint, topic_path
from functions.pubsub.publish import RETRIED, RETRY_WAITS, publish_method
from functions.pubsub.wire import publish_request


class PublishFailed(Exception):
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
            PublishFailed: Pub/Sub is away, refuses, or has not answered in time.
        """
        # A channel belongs to the loop it was made on, and none runs at import.
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._publish = publish_method(self._where, aio=True)
            self._loop = loop
        request = publish_request(
            topic_path(self._project, topic),
            message.data,
            message.attributes,
            message.ordering_key,
        )
        end = loop.time() + self._timeout
        for wait in (*RETRY_WAITS, math.inf):
            try:
                ids = await self._publish(request, timeout=end - loop.time())
            except grpc.aio.AioRpcError as error:
                code = error.code().name
                wait *= random.uniform(0.8, 1.2)  # noqa: S311 - not a secret
                if code not in RETRIED or loop.time() + wait >= end:
                    raise PublishFailed(code) from error
            else:
                break
            await asyncio.sleep(wait)
        if not ids:
            raise PublishFailed("NO_MESSAGE_ID")
        return ids[0]
