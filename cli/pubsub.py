"""Pub/Sub as the operator's commands use it, through Google's own clients."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import Any

import grpc
from google.api_core import exceptions, retry
from google.api_core.gapic_v1.method import wrap_method
from google.auth.exceptions import GoogleAuthError
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import (
    PubsubMessage,
    PullRequest,
    ReceivedMessage,
    Subscription,
    UpdateSubscriptionRequest,
)

from cli.deployment import Unreachable
from functions.pubsub.endpoint import Endpoint

TIMEOUT_SECONDS = 20.0
# A pull of an empty subscription waits on the server until this ends it; the local
# broker and the emulator answer at once.
PULL_SECONDS = 5.0
MAX_ACK_IDS = 1000  # a request has at most 512 KiB
MAX_PULLED = 200

RETRY = retry.Retry(
    predicate=retry.if_exception_type(exceptions.ServiceUnavailable),
    initial=0.1,
    maximum=2.0,
    multiplier=3.0,
    timeout=3.0,
)
NO_ANSWER = (
    exceptions.RetryError,
    exceptions.ServiceUnavailable,
    exceptions.DeadlineExceeded,
    exceptions.Unauthenticated,
    exceptions.Cancelled,
)


class PubSubError(Unreachable):
    """Pub/Sub answers a request with an error.

    Attributes:
        code: gRPC's name of it, for example ``NOT_FOUND``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class PubSub:
    """A connection to Pub/Sub.

    All methods raise PubSubError, or Unreachable when Pub/Sub does not answer.

    Args:
        endpoint: of an emulator, without TLS and authentication; otherwise Google's
            application-default credentials are used.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def close(self) -> None:
        """Close the connection."""
        for name in ("_publisher", "_subscriber"):
            if client := self.__dict__.pop(name, None):
                client.transport.close()

    def __enter__(self) -> "PubSub":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def publish(self, topic: str, message: PubsubMessage) -> str:
        """Publish *message*; returns its id once it is stored."""
        response = self._call(self._publisher.publish, topic=topic, messages=[message])
        return str(response.message_ids[0])

    def pull(self, subscription: str) -> list[ReceivedMessage]:
        """Lease some messages; none when none arrives within ``PULL_SECONDS``."""
        request = PullRequest(
            subscription=subscription,
            max_messages=MAX_PULLED,
            return_immediately=self._endpoint.emulator,
        )
        try:
            # SubscriberClient.pull warns of return_immediately, without which an empty
            # subscription takes the whole timeout.
            pull = wrap_method(self._subscriber.transport.pull)
            response = self._call(pull, PULL_SECONDS, request=request)
        except Unreachable as error:
            if isinstance(error.__cause__, exceptions.DeadlineExceeded):
                return []
            raise
        return list(response.received_messages)

    def acknowledge(self, subscription: str, ack_ids: Iterable[str]) -> None:
        """Acknowledge pulled messages: they are not delivered again."""
        for ids in _batches(ack_ids):
            self._call(
                self._subscriber.acknowledge, subscription=subscription, ack_ids=ids
            )

    def extend_leases(
        self, subscription: str, ack_ids: Iterable[str], seconds: int
    ) -> None:
        """Keep pulled messages for *seconds* from now; 0 makes them available again."""
        for ids in _batches(ack_ids):
            self._call(
                self._subscriber.modify_ack_deadline,
                subscription=subscription,
                ack_ids=ids,
                ack_deadline_seconds=seconds,
            )

    def subscription(self, name: str) -> Subscription:
        """The subscription of that full name."""
        return self._call(self._subscriber.get_subscription, subscription=name)

    def update(self, subscription: Subscription, *fields: str) -> None:
        """Change *fields* of a subscription in one request."""
        request = UpdateSubscriptionRequest(
            subscription=subscription, update_mask={"paths": fields}
        )
        self._call(self._subscriber.update_subscription, request=request)

    @cached_property
    def _publisher(self) -> PublisherClient:
        transport = self._emulator_transport(PublisherGrpcTransport)
        return self._client(PublisherClient, transport)

    @cached_property
    def _subscriber(self) -> SubscriberClient:
        transport = self._emulator_transport(SubscriberGrpcTransport)
        return self._client(SubscriberClient, transport)

    def _emulator_transport(self, transport: Callable[..., Any]) -> Any:
        if not self._endpoint.emulator:
            return None
        # A message has up to 10 MB.
        options = [("grpc.max_receive_message_length", -1)]
        address = self._endpoint.address
        return transport(channel=grpc.insecure_channel(address, options))

    def _client(self, client: Callable[..., Any], transport: Any) -> Any:
        try:
            if transport is not None:
                return client(transport=transport)
            return client(client_options={"api_endpoint": self._endpoint.address})
        except GoogleAuthError as error:
            raise Unreachable(f"Not authenticated to Google Cloud: {error}") from error

    def _call(
        self,
        method: Callable[..., Any],
        timeout: float = TIMEOUT_SECONDS,
        **request: Any,
    ) -> Any:
        try:
            return method(retry=RETRY, timeout=timeout, **request)
        except NO_ANSWER as error:
            cause = error.cause if isinstance(error, exceptions.RetryError) else error
            code = _code(cause)
            raise Unreachable(
                f"Pub/Sub at {self._endpoint.address} does not answer ({code})"
            ) from error
        except exceptions.GoogleAPICallError as error:
            code = _code(error)
            raise PubSubError(
                code,
                f"Pub/Sub rejects {getattr(method, '__name__', 'pull')}:"
                f" {error.message} ({code})",
            ) from error


def _code(error: BaseException | None) -> str:
    status = getattr(error, "grpc_status_code", None)
    return status.name if status else type(error).__name__


def _batches(ack_ids: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(ack_ids)
    while batch := list(islice(iterator, MAX_ACK_IDS)):
        yield batch
