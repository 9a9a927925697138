"""Creates, shows, changes and deletes topics and subscriptions."""

from collections.abc import Callable

from local.broker import configs, limits, pubsub_pb2
from local.broker.engine import Engine
from local.broker.errors import (
    StatusError,
    already_exists,
    is_detached,
    is_pushed,
    not_found,
)
from local.broker.push import Pusher
from local.broker.subscription import DELETED_TOPIC, Subscription


class Registry:
    """All topics and subscriptions, in the store and as they run.

    Args:
        new_pusher: makes the pusher of a subscription.
    """

    def __init__(
        self, engine: Engine, new_pusher: Callable[[Subscription], Pusher]
    ) -> None:
        self._engine = engine
        self._store = engine.store
        self._new_pusher = new_pusher
        self._pushers: dict[int, Pusher] = {}
        self._retired: list[Pusher] = []  # with outstanding pushes, perhaps
        self.topics: dict[str, tuple[int, pubsub_pb2.Topic]] = {}
        self.subscriptions = engine.subscriptions
        for number, config in self._store.configs("topic"):
            topic = pubsub_pb2.Topic.FromString(config)
            self.topics[topic.name] = (number, topic)
            engine.topics[topic.name] = {}
        for number, config in self._store.configs("subscription"):
            self._run(Subscription(number, pubsub_pb2.Subscription.FromString(config)))

    def pushers(self) -> list[Pusher]:
        """All that may have an outstanding push."""
        return [*self._pushers.values(), *self._retired]

    # Topics

    def create_topic(self, topic: pubsub_pb2.Topic) -> pubsub_pb2.Topic:
        """Create a topic."""
        limits.check_topic_name(topic.name)
        limits.check_topic(topic)
        if topic.name in self.topics:
            raise already_exists(topic.name)
        topic.state = pubsub_pb2.Topic.State.ACTIVE
        with self._store.transaction():
            number = self._store.add_config(
                "topic", topic.name, topic.SerializeToString()
            )
        self.topics[topic.name] = (number, topic)
        self._engine.topics[topic.name] = {}
        return topic

    def topic(self, name: str) -> pubsub_pb2.Topic:
        """The topic of that name.

        Raises:
            StatusError: NOT_FOUND, or INVALID_ARGUMENT for what cannot be a name.
        """
        if name not in self.topics:
            limits.check_topic_name(name)
            raise not_found(name)
        return self.topics[name][1]

    def update_topic(self, request: pubsub_pb2.UpdateTopicRequest) -> pubsub_pb2.Topic:
        """Change the fields that the mask names."""
        topic = pubsub_pb2.Topic()
        topic.CopyFrom(self.topic(request.topic.name))
        configs.merge(request.topic, topic, request.update_mask)
        limits.check_topic(topic)
        number, _ = self.topics[topic.name]
        with self._store.transaction():
            self._store.change_config("topic", number, topic.SerializeToString())
        self.topics[topic.name] = (number, topic)
        return topic

    def delete_topic(self, name: str) -> None:
        """Delete a topic; its subscriptions remain, with their messages."""
        self.topic(name)
        number, _ = self.topics[name]
        with self._store.transaction():
            self._store.remove_config("topic", number)
            for subscription in self.subscriptions.values():
                if subscription.config.topic == name:
                    config = configs.copy(subscription.config)
                    config.topic = DELETED_TOPIC
                    self._change(subscription, config)
        del self.topics[name]
        del self._engine.topics[name]

    def subscriptions_of(self, topic: str) -> list[str]:
        """Names of the subscriptions attached to a topic."""
        self.topic(topic)
        return [each.name for each in self._engine.topics[topic].values()]

    # Subscriptions

    def create_subscription(
        self, config: pubsub_pb2.Subscription
    ) -> pubsub_pb2.Subscription:
        """Create a subscription; it gets what is published from now on."""
        limits.check_subscription_name(config.name)
        if config.name in self.subscriptions:
            raise already_exists(config.name)
        self.topic(config.topic)
        config.detached = False
        config.state = pubsub_pb2.Subscription.State.ACTIVE
        configs.fill(config)
        limits.check_subscription(config)
        self._check_dead_letter_topic(config)
        with self._store.transaction():
            number = self._store.add_config(
                "subscription", config.name, config.SerializeToString()
            )
        self._run(Subscription(number, config))
        return config

    def subscription(self, name: str) -> Subscription:
        """The subscription of that name.

        Raises:
            StatusError: NOT_FOUND, or INVALID_ARGUMENT for what cannot be a name.
        """
        if name not in self.subscriptions:
            limits.check_subscription_name(name)
            raise not_found(name)
        return self.subscriptions[name]

    def update_subscription(
        self, request: pubsub_pb2.UpdateSubscriptionRequest
    ) -> pubsub_pb2.Subscription:
        """Change the fields that the mask names."""
        subscription = self.subscription(request.subscription.name)
        config = configs.copy(subscription.config)
        configs.merge(request.subscription, config, request.update_mask)
        configs.fill(config)
        limits.check_subscription(config)
        if config.dead_letter_policy != subscription.config.dead_letter_policy:
            self._check_dead_letter_topic(config)
        with self._store.transaction():
            self._change(subscription, config)
        return config

    def modify_push_config(self, request: pubsub_pb2.ModifyPushConfigRequest) -> None:
        """Push to another endpoint from now on; without one, pushing pauses."""
        subscription = self.subscription(request.subscription)
        config = configs.copy(subscription.config)
        config.push_config.CopyFrom(request.push_config)
        limits.check_push_config(config.push_config)
        with self._store.transaction():
            self._change(subscription, config)

    def delete_subscription(self, name: str) -> None:
        """Delete a subscription and its messages."""
        subscription = self.subscription(name)
        with self._store.transaction():
            self._store.remove_config("subscription", subscription.id)
            self._store.remove_all(subscription.id)
        self._stop_pushing(subscription)
        del self.subscriptions[name]
        self._detach(subscription, not_found(name))

    def detach_subscription(self, name: str) -> None:
        """Delete the messages of a subscription; it gets no more."""
        subscription = self.subscription(name)
        config = configs.copy(subscription.config)
        config.detached = True
        config.ClearField("push_config")
        with self._store.transaction():
            self._store.remove_all(subscription.id)
            self._change(subscription, config)
        self._detach(subscription, is_detached(name))

    def _detach(self, subscription: Subscription, reason: StatusError) -> None:
        attached = self._engine.topics.get(subscription.config.topic, {})
        attached.pop(subscription.id, None)  # not there if detached before
        subscription.streams.clear()
        close_receivers(subscription, reason)

    def _check_dead_letter_topic(self, config: pubsub_pb2.Subscription) -> None:
        target = config.dead_letter_policy.dead_letter_topic
        if target and target not in self.topics:
            raise not_found(target)

    def _change(
        self, subscription: Subscription, config: pubsub_pb2.Subscription
    ) -> None:
        before = subscription.config.push_config.push_endpoint
        self._store.change_config(
            "subscription", subscription.id, config.SerializeToString()
        )
        subscription.config = config
        if before != config.push_config.push_endpoint:
            # Another endpoint starts slowly again; outstanding pushes go on.
            self._stop_pushing(subscription)
            self._start_pushing(subscription)
        self._engine.wake(subscription)

    def _run(self, subscription: Subscription) -> None:
        self.subscriptions[subscription.name] = subscription
        attached = self._engine.topics.get(subscription.config.topic)
        if attached is not None and not subscription.config.detached:
            attached[subscription.id] = subscription
        self._start_pushing(subscription)
        self._engine.wake(subscription)

    def _start_pushing(self, subscription: Subscription) -> None:
        if subscription.is_pushed:
            close_receivers(subscription, is_pushed(subscription.name))
            pusher = self._new_pusher(subscription)
            self._pushers[subscription.id] = pusher
            subscription.receivers.append(pusher)

    def _stop_pushing(self, subscription: Subscription) -> None:
        pusher = self._pushers.pop(subscription.id, None)
        if pusher is not None:
            pusher.stop()
            subscription.receivers.remove(pusher)
            self._retired = [old for old in self._retired if old.is_busy()]
            self._retired.append(pusher)


def close_receivers(subscription: Subscription, reason: StatusError) -> None:
    """End everything that receives from *subscription*."""
    for receiver in list(subscription.receivers):
        receiver.close(reason)
