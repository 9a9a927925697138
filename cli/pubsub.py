"""Pub/Sub as the operator's commands use it: few methods, one request each."""

import json
from collections.abc import Iterable
from typing import Any

import grpc
from google.protobuf import empty_pb2
from google.pubsub_v1.types import pubsub

from cli.where import Unreachable
from functions.pubsub.endpoint import Endpoint
from functions.pubsub.publish import SCOPES

SECONDS = 20.0
# A pull that finds nothing waits on the server; this ends it. The local broker and the
# emulator tell at once.
PULL_SECONDS = 5.0
ACKS_AT_ONCE = 1000  # a request has at most 512 KiB
PULLED_AT_ONCE = 200

PubsubMessage = pubsub.PubsubMessage.pb()
PushConfig = pubsub.PushConfig.pb()
Subscription = pubsub.Subscription.pb()
ReceivedMessage = pubsub.ReceivedMessage.pb()
_GetSubscription = pubsub.GetSubscriptionRequest.pb()
_UpdateSubscription = pubsub.UpdateSubscriptionRequest.pb()
_PublishRequest = pubsub.PublishRequest.pb()
_PublishResponse = pubsub.PublishResponse.pb()
_Pull = pubsub.PullRequest.pb()
_Pulled = pubsub.PullResponse.pb()
_Acknowledge = pubsub.AcknowledgeRequest.pb()
_ModifyAckDeadline = pubsub.ModifyAckDeadlineRequest.pb()

_OPTIONS = (
    ("grpc.max_receive_message_length", -1),  # a message may have 10 MB
    (
        "grpc.service_config",
        json.dumps(
            {
                "methodConfig": [
                    {
                        "name": [
                            {"service": "google.pubsub.v1.Publisher"},
                            {"service": "google.pubsub.v1.Subscriber"},
                        ],
                        "retryPolicy": {
                            "maxAttempts": 4,
                            "initialBackoff": "0.1s",
                            "maxBackoff": "2s",
                            "backoffMultiplier": 3,
                            "retryableStatusCodes": ["UNAVAILABLE"],
                        },
                    }
                ]
            }
        ),
    ),
)
_NOBODY_THERE = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.CANCELLED,
)


class Refused(Unreachable):
    """Pub/Sub answered, with a no.

    Attributes:
        code: gRPC's name of it, for example ``NOT_FOUND``.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class PubSub:
    """A connection to Pub/Sub.

    All methods raise Refused, or Unreachable when nobody answers.

    Args:
        where: an emulator is talked to without TLS; else Google's application-default
            credentials sign in.
    """

    def __init__(self, where: Endpoint) -> None:
        self._where = where
        self._channel = _channel(where)

    def close(self) -> None:
        """Let go of the connection."""
        self._channel.close()

    def __enter__(self) -> "PubSub":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def publish(self, topic: str, message: PubsubMessage) -> str:
        """Publish *message*; its id, once it is stored."""
        request = _PublishRequest(topic=topic, messages=[message])
        answer = self._call("Publisher/Publish", request, _PublishResponse)
        return answer.message_ids[0]

    def pull(self, subscription: str) -> list[ReceivedMessage]:
        """Lease some messages; none when none comes for a moment."""
        request = _Pull(
            subscription=subscription,
            max_messages=PULLED_AT_ONCE,
            return_immediately=self._where.emulator,
        )
        try:
            answer = self._call("Subscriber/Pull", request, _Pulled, PULL_SECONDS)
        except Unreachable as error:
            late = error.__cause__
            if late is None or late.code() != grpc.StatusCode.DEADLINE_EXCEEDED:
                raise
            return []
        return list(answer.received_messages)

    def acknowledge(self, subscription: str, ack_ids: Iterable[str]) -> None:
        """Be done with pulled messages."""
        for ids in _chunks(ack_ids):
            request = _Acknowledge(subscription=subscription, ack_ids=ids)
            self._call("Subscriber/Acknowledge", request, empty_pb2.Empty)

    def lease(self, subscription: str, ack_ids: Iterable[str], seconds: int) -> None:
        """Keep pulled messages for *seconds* from now; 0 gives them back."""
        for ids in _chunks(ack_ids):
            request = _ModifyAckDeadline(
                subscription=subscription, ack_ids=ids, ack_deadline_seconds=seconds
            )
            self._call("Subscriber/ModifyAckDeadline", request, empty_pb2.Empty)

    def subscription(self, name: str) -> Subscription:
        """The subscription of that full name."""
        request = _GetSubscription(subscription=name)
        return self._call("Subscriber/GetSubscription", request, Subscription)

    def update(self, subscription: Subscription, *fields: str) -> Subscription:
        """Change *fields* of the subscription to what they are in *subscription*."""
        request = _UpdateSubscription(subscription=subscription)
        request.update_mask.paths.extend(fields)
        return self._call("Subscriber/UpdateSubscription", request, Subscription)

    def _call(
        self, method: str, request: Any, answer: type, timeout: float = SECONDS
    ) -> Any:
        send = self._channel.unary_unary(
            f"/google.pubsub.v1.{method}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=answer.FromString,
        )
        try:
            return send(request, timeout=timeout)
        except grpc.RpcError as error:
            code = error.code()
            if code in _NOBODY_THERE:
                raise Unreachable(
                    f"Pub/Sub at {self._where.address} does not answer ({code.name})"
                ) from error
            raise Refused(
                code.name, f"Pub/Sub refuses {method}: {error.details()} ({code.name})"
            ) from error


def _channel(where: Endpoint) -> grpc.Channel:
    if where.emulator:
        return grpc.insecure_channel(where.address, options=_OPTIONS)
    # Not imported where nobody signs in.
    from google.api_core import grpc_helpers
    from google.auth.exceptions import GoogleAuthError

    try:
        return grpc_helpers.create_channel(
            where.address, default_scopes=SCOPES, options=_OPTIONS
        )
    except GoogleAuthError as error:
        raise Unreachable(f"Google Cloud does not know us: {error}") from error


def _chunks(ids: Iterable[str]) -> Iterable[list[str]]:
    ids = list(ids)
    return (ids[i : i + ACKS_AT_ONCE] for i in range(0, len(ids), ACKS_AT_ONCE))
