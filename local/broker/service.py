"""The gRPC methods of Pub/Sub's Publisher and Subscriber, by name."""

import logging
from collections.abc import Awaitable, Callable

import grpc

from local.broker import limits, wire
from local.broker.engine import Engine
from local.broker.errors import Refused, invalid
from local.broker.pull import Puller
from local.broker.registry import Registry
from local.broker.stream import streaming_pull

PAGE = 1000
log = logging.getLogger(__name__)


class Publisher:
    """``google.pubsub.v1.Publisher``; each method takes and returns raw messages."""

    def __init__(self, engine: Engine, registry: Registry) -> None:
        self._engine = engine
        self._registry = registry

    async def publish(self, request: wire.PublishRequest, context):
        """Publish; answered when it is stored."""
        self._registry.topic(request.topic)
        limits.check_publish(request)
        ids = await self._engine.publish(request.topic, request.messages)
        return wire.PublishResponse(message_ids=ids)

    async def create_topic(self, request: wire.Topic, context):
        """CreateTopic."""
        return self._registry.create_topic(request)

    async def get_topic(self, request: wire.GetTopicRequest, context):
        """GetTopic."""
        return self._registry.topic(request.topic)

    async def update_topic(self, request: wire.UpdateTopicRequest, context):
        """UpdateTopic."""
        return self._registry.update_topic(request)

    async def list_topics(self, request: wire.ListTopicsRequest, context):
        """ListTopics."""
        names, token = _page(self._registry.topics, request, request.project)
        topics = [self._registry.topics[name][1] for name in names]
        return wire.ListTopicsResponse(topics=topics, next_page_token=token)

    async def list_topic_subscriptions(
        self, request: wire.ListTopicSubscriptionsRequest, context
    ):
        """ListTopicSubscriptions."""
        names = self._registry.subscriptions_of(request.topic)
        names, token = _page(names, request)
        return wire.ListTopicSubscriptionsResponse(
            subscriptions=names, next_page_token=token
        )

    async def delete_topic(self, request: wire.DeleteTopicRequest, context):
        """DeleteTopic."""
        self._registry.delete_topic(request.topic)
        return wire.Empty()

    async def detach_subscription(
        self, request: wire.DetachSubscriptionRequest, context
    ):
        """DetachSubscription."""
        self._registry.detach_subscription(request.subscription)
        return wire.DetachSubscriptionResponse()


class Subscriber:
    """``google.pubsub.v1.Subscriber``, but for snapshots and seek."""

    def __init__(self, registry: Registry, puller: Puller) -> None:
        self._registry = registry
        self._puller = puller

    async def pull(self, request: wire.PullRequest, context):
        """Pull."""
        return await self._puller.pull(request, context)

    async def streaming_pull(self, requests, context) -> None:
        """StreamingPull."""
        await streaming_pull(self._puller, requests, context)

    async def create_subscription(self, request: wire.Subscription, context):
        """CreateSubscription."""
        return self._registry.create_subscription(request)

    async def get_subscription(self, request: wire.GetSubscriptionRequest, context):
        """GetSubscription."""
        return self._registry.subscription(request.subscription).config

    async def update_subscription(
        self, request: wire.UpdateSubscriptionRequest, context
    ):
        """UpdateSubscription."""
        return self._registry.update_subscription(request)

    async def list_subscriptions(self, request: wire.ListSubscriptionsRequest, context):
        """ListSubscriptions."""
        known = self._registry.subscriptions
        names, token = _page(known, request, request.project)
        return wire.ListSubscriptionsResponse(
            subscriptions=[known[name].config for name in names],
            next_page_token=token,
        )

    async def delete_subscription(
        self, request: wire.DeleteSubscriptionRequest, context
    ):
        """DeleteSubscription."""
        self._registry.delete_subscription(request.subscription)
        return wire.Empty()

    async def modify_push_config(self, request: wire.ModifyPushConfigRequest, context):
        """ModifyPushConfig."""
        self._registry.modify_push_config(request)
        return wire.Empty()

    async def acknowledge(self, request: wire.AcknowledgeRequest, context):
        """Acknowledge."""
        subscription = self._registry.subscription(request.subscription)
        if not request.ack_ids:
            raise invalid("ack_ids holds at least one id.")
        self._puller.acknowledge(subscription, request.ack_ids)
        await self._puller.engine.written()
        return wire.Empty()

    async def modify_ack_deadline(
        self, request: wire.ModifyAckDeadlineRequest, context
    ):
        """ModifyAckDeadline; 0 seconds: deliver it again."""
        subscription = self._registry.subscription(request.subscription)
        if not request.ack_ids:
            raise invalid("ack_ids holds at least one id.")
        seconds = request.ack_deadline_seconds
        self._puller.modify(subscription, request.ack_ids, seconds)
        await self._puller.engine.written()
        return wire.Empty()


def _page(names, request, project: str | None = None) -> tuple[list[str], str]:
    """One page of *names*, those of *project* if given, and the next page's token."""
    if project is not None:
        limits.check_project(project)
        names = [name for name in names if name.startswith(f"{project}/")]
    if request.page_size < 0:
        raise invalid("page_size is not negative.")
    size = min(request.page_size or PAGE, PAGE)
    left = sorted(name for name in names if name > request.page_token)
    return left[:size], left[size - 1] if len(left) > size else ""


PUBLISHER = {
    "Publish": (Publisher.publish, wire.PublishRequest),
    "CreateTopic": (Publisher.create_topic, wire.Topic),
    "GetTopic": (Publisher.get_topic, wire.GetTopicRequest),
    "UpdateTopic": (Publisher.update_topic, wire.UpdateTopicRequest),
    "ListTopics": (Publisher.list_topics, wire.ListTopicsRequest),
    "ListTopicSubscriptions": (
        Publisher.list_topic_subscriptions,
        wire.ListTopicSubscriptionsRequest,
    ),
    "DeleteTopic": (Publisher.delete_topic, wire.DeleteTopicRequest),
    "DetachSubscription": (
        Publisher.detach_subscription,
        wire.DetachSubscriptionRequest,
    ),
}
SUBSCRIBER = {
    "CreateSubscription": (Subscriber.create_subscription, wire.Subscription),
    "GetSubscription": (Subscriber.get_subscription, wire.GetSubscriptionRequest),
    "UpdateSubscription": (
        Subscriber.update_subscription,
        wire.UpdateSubscriptionRequest,
    ),
    "ListSubscriptions": (Subscriber.list_subscriptions, wire.ListSubscriptionsRequest),
    "DeleteSubscription": (
        Subscriber.delete_subscription,
        wire.DeleteSubscriptionRequest,
    ),
    "ModifyPushConfig": (Subscriber.modify_push_config, wire.ModifyPushConfigRequest),
    "Pull": (Subscriber.pull, wire.PullRequest),
    "Acknowledge": (Subscriber.acknowledge, wire.AcknowledgeRequest),
    "ModifyAckDeadline": (
        Subscriber.modify_ack_deadline,
        wire.ModifyAckDeadlineRequest,
    ),
}


def handlers(publisher: Publisher, subscriber: Subscriber) -> list:
    """The generic handlers of both services."""
    return [
        _handler("google.pubsub.v1.Publisher", PUBLISHER, publisher),
        _handler("google.pubsub.v1.Subscriber", SUBSCRIBER, subscriber),
    ]


def _handler(service: str, methods: dict, target) -> grpc.GenericRpcHandler:
    unary = {
        name: grpc.unary_unary_rpc_method_handler(
            _guarded(function.__get__(target)),
            request_deserializer=request.FromString,
            response_serializer=_serialize,
        )
        for name, (function, request) in methods.items()
    }
    if isinstance(target, Subscriber):
        unary["StreamingPull"] = grpc.stream_stream_rpc_method_handler(
            _guarded(target.streaming_pull),
            request_deserializer=wire.StreamingPullRequest.FromString,
            response_serializer=_serialize,
        )
    return grpc.method_handlers_generic_handler(service, unary)


def _serialize(message) -> bytes:
    return message.SerializeToString()


def _guarded(method: Callable[..., Awaitable]) -> Callable[..., Awaitable]:
    """*method* with its refusals, and its faults, as gRPC's statuses."""

    async def call(request, context: grpc.aio.ServicerContext):
        try:
            return await method(request, context)
        except Refused as refused:
            code, message = refused.code, refused.message
        except grpc.aio.AbortError:
            raise
        except Exception:
            log.exception("%s failed", method.__name__)
            code, message = grpc.StatusCode.INTERNAL, "Internal error."
        await context.abort(code, message)

    return call
