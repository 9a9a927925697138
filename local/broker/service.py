"""The gRPC services ``google.pubsub.v1.Publisher`` and ``Subscriber``."""

import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterable

import grpc

from local.broker import limits, pubsub_pb2
from local.broker.engine import Engine
from local.broker.errors import StatusError, internal, invalid, not_stored
from local.broker.pull import Puller
from local.broker.registry import Registry
from local.broker.stream import streaming_pull

MAX_PAGE_SIZE = 1000
log = logging.getLogger(__name__)


class Publisher:
    """Methods of ``google.pubsub.v1.Publisher``, named as in its definition."""

    METHODS = {
        "Publish": pubsub_pb2.PublishRequest,
        "CreateTopic": pubsub_pb2.Topic,
        "GetTopic": pubsub_pb2.GetTopicRequest,
        "UpdateTopic": pubsub_pb2.UpdateTopicRequest,
        "ListTopics": pubsub_pb2.ListTopicsRequest,
        "ListTopicSubscriptions": pubsub_pb2.ListTopicSubscriptionsRequest,
        "DeleteTopic": pubsub_pb2.DeleteTopicRequest,
        "DetachSubscription": pubsub_pb2.DetachSubscriptionRequest,
    }

    def __init__(self, engine: Engine, registry: Registry) -> None:
        self._engine = engine
        self._registry = registry

    async def Publish(self, request):
        """Respond when the messages are stored."""
        self._registry.topic(request.topic)
        limits.check_publish(request)
        ids = await self._engine.publish(request.topic, request.messages)
        return pubsub_pb2.PublishResponse(message_ids=ids)

    async def CreateTopic(self, request):
        """Create a topic."""
        return self._registry.create_topic(request)

    async def GetTopic(self, request):
        """Get a topic."""
        return self._registry.topic(request.topic)

    async def UpdateTopic(self, request):
        """Change a topic."""
        return self._registry.update_topic(request)

    async def ListTopics(self, request):
        """List a project's topics."""
        names = _of_project(self._registry.topics, request.project)
        names, token = _page(names, request)
        topics = [self._registry.topics[name][1] for name in names]
        return pubsub_pb2.ListTopicsResponse(topics=topics, next_page_token=token)

    async def ListTopicSubscriptions(self, request):
        """List the names of a topic's subscriptions."""
        names, token = _page(self._registry.subscriptions_of(request.topic), request)
        return pubsub_pb2.ListTopicSubscriptionsResponse(
            subscriptions=names, next_page_token=token
        )

    async def DeleteTopic(self, request):
        """Delete a topic."""
        self._registry.delete_topic(request.topic)
        return pubsub_pb2.Empty()

    async def DetachSubscription(self, request):
        """Detach a subscription from its topic."""
        self._registry.detach_subscription(request.subscription)
        return pubsub_pb2.DetachSubscriptionResponse()


class Subscriber:
    """Methods of ``google.pubsub.v1.Subscriber``, without snapshots and seek."""

    METHODS = {
        "CreateSubscription": pubsub_pb2.Subscription,
        "GetSubscription": pubsub_pb2.GetSubscriptionRequest,
        "UpdateSubscription": pubsub_pb2.UpdateSubscriptionRequest,
        "ListSubscriptions": pubsub_pb2.ListSubscriptionsRequest,
        "DeleteSubscription": pubsub_pb2.DeleteSubscriptionRequest,
        "ModifyPushConfig": pubsub_pb2.ModifyPushConfigRequest,
        "Pull": pubsub_pb2.PullRequest,
        "Acknowledge": pubsub_pb2.AcknowledgeRequest,
        "ModifyAckDeadline": pubsub_pb2.ModifyAckDeadlineRequest,
    }

    def __init__(self, engine: Engine, registry: Registry) -> None:
        self._engine = engine
        self._registry = registry
        self._puller = Puller(engine, registry)

    async def CreateSubscription(self, request):
        """Create a subscription."""
        return self._registry.create_subscription(request)

    async def GetSubscription(self, request):
        """Get a subscription."""
        return self._registry.subscription(request.subscription).config

    async def UpdateSubscription(self, request):
        """Change a subscription."""
        return self._registry.update_subscription(request)

    async def ListSubscriptions(self, request):
        """List a project's subscriptions."""
        subscriptions = self._registry.subscriptions
        names, token = _page(_of_project(subscriptions, request.project), request)
        return pubsub_pb2.ListSubscriptionsResponse(
            subscriptions=[subscriptions[name].config for name in names],
            next_page_token=token,
        )

    async def DeleteSubscription(self, request):
        """Delete a subscription."""
        self._registry.delete_subscription(request.subscription)
        return pubsub_pb2.Empty()

    async def ModifyPushConfig(self, request):
        """Change or remove a push endpoint."""
        self._registry.modify_push_config(request)
        return pubsub_pb2.Empty()

    async def Pull(self, request):
        """Pull messages."""
        return await self._puller.pull(request)

    async def StreamingPull(self, requests, context) -> None:
        """Pull messages until the client ends the stream."""
        await streaming_pull(self._puller, requests, context)

    async def Acknowledge(self, request):
        """Respond when the acknowledgements are stored."""
        subscription = self._subscription(request)
        self._puller.acknowledge(subscription, request.ack_ids)
        await self._engine.committed()
        return pubsub_pb2.Empty()

    async def ModifyAckDeadline(self, request):
        """Respond when the deadlines are stored; 0 seconds is a nack."""
        subscription = self._subscription(request)
        seconds = request.ack_deadline_seconds
        self._puller.modify(subscription, request.ack_ids, seconds)
        await self._engine.committed()
        return pubsub_pb2.Empty()

    def _subscription(self, request):
        subscription = self._registry.subscription(request.subscription)
        if not request.ack_ids:
            raise invalid("ack_ids is empty. Send at least one ack id.")
        return subscription


def _of_project(names: Iterable[str], project: str) -> list[str]:
    limits.check_project(project)
    return [name for name in names if name.startswith(f"{project}/")]


def _page(names: list[str], request) -> tuple[list[str], str]:
    """One page of *names* and the token of the next page."""
    if request.page_size < 0:
        raise invalid("page_size is negative.")
    size = min(request.page_size or MAX_PAGE_SIZE, MAX_PAGE_SIZE)
    rest = sorted(name for name in names if name > request.page_token)
    return rest[:size], rest[size - 1] if len(rest) > size else ""


def handlers(engine: Engine, registry: Registry) -> list[grpc.GenericRpcHandler]:
    """The handlers of both services."""
    subscriber = Subscriber(engine, registry)
    stream = grpc.stream_stream_rpc_method_handler(
        _with_status(subscriber.StreamingPull),
        request_deserializer=pubsub_pb2.StreamingPullRequest.FromString,
        response_serializer=pubsub_pb2.StreamingPullResponse.SerializeToString,
    )
    publisher = _unary_handlers(Publisher(engine, registry))
    return [
        grpc.method_handlers_generic_handler("google.pubsub.v1.Publisher", publisher),
        grpc.method_handlers_generic_handler(
            "google.pubsub.v1.Subscriber",
            {**_unary_handlers(subscriber), "StreamingPull": stream},
        ),
    ]


def _unary_handlers(service: Publisher | Subscriber) -> dict:
    return {
        name: grpc.unary_unary_rpc_method_handler(
            _with_status(_without_context(getattr(service, name))),
            request_deserializer=request.FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )
        for name, request in service.METHODS.items()
    }


def _without_context(method: Callable[..., Awaitable]) -> Callable[..., Awaitable]:
    async def call(request, context):
        return await method(request)

    call.__name__ = method.__name__
    return call


def _with_status(method: Callable[..., Awaitable]) -> Callable[..., Awaitable]:
    """*method* with its errors, and its faults, as gRPC statuses."""

    async def call(request, context: grpc.aio.ServicerContext):
        try:
            return await method(request, context)
        except StatusError as status:
            error = status
        except grpc.aio.AbortError:
            raise
        except sqlite3.OperationalError as failure:
            log.error("The broker cannot write its file: %s.", failure)
            error = not_stored()
        except Exception:
            log.exception("%s failed.", method.__name__)
            error = internal()
        await context.abort(error.code, error.message)

    return call
