"""Topics and subscriptions: made, shown, changed and removed."""

from collections.abc import Callable

from local.broker import configs, limits, wire
from local.broker.engine import Engine
from local.broker.errors import (
    Refused,
    detached,
    not_found,
    pushed,
    there_already,
)
from local.broker.filters import check_filter
from local.broker.push import Pusher
from local.broker.subscription import DELETED_TOPIC, Subscription


class Registry:
    """All topics and subscriptions, in the store and as they run.

    An expiration policy is kept and shown, but here no subscription expires.

    Args:
        pusher: makes what pushes for a subscription.
    """

    def __init__(
        self, engine: Engine, pusher: Callable[[Subscription], Pusher]
    ) -> None:
        self._engine = engine
        self._store = engine.store
        self._new_pusher = pusher
        self._pushers: dict[int, Pusher] = {}
        self._retired: list[Pusher] = []  # perhaps with pushes under way
        self.topics: dict[str, tuple[int, wire.Topic]] = {}
        self.subscriptions: dict[str, Subscription] = {}
        for number, config in self._store.configs("topic"):
            topic = wire.Topic.FromString(config)
            self.topics[topic.name] = (number, topic)
            engine.by_topic[topic.name] = {}
        for number, config in self._store.configs("subscription"):
            self._run(Subscription(number, wire.Subscription.FromString(config)))

    def pushers(self) -> list[Pusher]:
        """Everything that may have a push under way."""
        return [*self._pushers.values(), *self._retired]

    # Topics

    def create_topic(self, topic: wire.Topic) -> wire.Topic:
        """Make a topic."""
        limits.check_topic_name(topic.name)
        limits.check_topic(topic)
        if topic.name in self.topics:
            raise there_already(topic.name)
        topic.state = wire.Topic.State.ACTIVE
        with self._store.transaction():
            number = self._store.add_config(
                "topic", topic.name, topic.SerializeToString()
            )
        self.topics[topic.name] = (number, topic)
        self._engine.by_topic[topic.name] = {}
        return topic

    def topic(self, name: str) -> wire.Topic:
        """The topic of that name.

        Raises:
            Refused: NOT_FOUND, or INVALID_ARGUMENT for what cannot be a name.
        """
        if name not in self.topics:
            limits.check_topic_name(name)
            raise not_found(name)
        return self.topics[name][1]

    def update_topic(self, request: wire.UpdateTopicRequest) -> wire.Topic:
        """Change what the mask names."""
        topic = wire.Topic()
        topic.CopyFrom(self.topic(request.topic.name))
        configs.merge(request.topic, topic, request.update_mask)
        limits.check_topic(topic)
        number, _ = self.topics[topic.name]
        with self._store.transaction():
            self._store.change_config("topic", number, topic.SerializeToString())
        self.topics[topic.name] = (number, topic)
        return topic

    def delete_topic(self, name: str) -> None:
        """Remove a topic; its subscriptions stay, with what they hold."""
        self.topic(name)
        number, _ = self.topics.pop(name)
        orphans = self._engine.by_topic.pop(name)
        with self._store.transaction():
            self._store.remove_config("topic", number)
            for subscription in orphans.values():
                config = configs.copy(subscription.config)
                config.topic = DELETED_TOPIC
                self._change(subscription, config)
        self._engine.by_topic.setdefault(DELETED_TOPIC, {}).update(orphans)

    def subscriptions_of(self, topic: str) -> list[str]:
        """Names of a topic's subscriptions."""
        self.topic(topic)
        return [s.name for s in self._engine.by_topic[topic].values()]

    # Subscriptions

    def create_subscription(self, config: wire.Subscription) -> wire.Subscription:
        """Make a subscription; it gets what is published from now on."""
        limits.check_subscription_name(config.name)
        if config.name in self.subscriptions:
            raise there_already(config.name)
        self.topic(config.topic)
        config.detached = False
        config.state = wire.Subscription.State.ACTIVE
        configs.fill(config)
        limits.check_subscription(config)
        check_filter(config.filter)
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
            Refused: NOT_FOUND, or INVALID_ARGUMENT for what cannot be a name.
        """
        if name not in self.subscriptions:
            limits.check_subscription_name(name)
            raise not_found(name)
        return self.subscriptions[name]

    def update_subscription(
        self, request: wire.UpdateSubscriptionRequest
    ) -> wire.Subscription:
        """Change what the mask names."""
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

    def modify_push_config(self, request: wire.ModifyPushConfigRequest) -> None:
        """Push there from now on; to nowhere is a pause."""
        subscription = self.subscription(request.subscription)
        config = configs.copy(subscription.config)
        config.push_config.CopyFrom(request.push_config)
        limits.check_push_config(config.push_config)
        with self._store.transaction():
            self._change(subscription, config)

    def delete_subscription(self, name: str) -> None:
        """Remove a subscription and what it holds."""
        subscription = self.subscription(name)
        self._stop_pushing(subscription)
        with self._store.transaction():
            self._store.remove_config("subscription", subscription.id)
            self._store.remove_deliveries(subscription.id)
        del self.subscriptions[name]
        self._engine.by_topic[subscription.config.topic].pop(subscription.id, None)
        self._dismiss(subscription, not_found(name))

    def detach_subscription(self, name: str) -> None:
        """Drop what a subscription holds; nothing more reaches it."""
        subscription = self.subscription(name)
        config = configs.copy(subscription.config)
        config.detached = True
        config.ClearField("push_config")
        with self._store.transaction():
            self._store.remove_deliveries(subscription.id)
            self._change(subscription, config)
        self._engine.by_topic[config.topic].pop(subscription.id, None)
        self._dismiss(subscription, detached(name))

    def _dismiss(self, subscription: Subscription, why: Refused) -> None:
        for receiver in list(subscription.receivers):
            receiver.gone(why)

    def _check_dead_letter_topic(self, config: wire.Subscription) -> None:
        target = config.dead_letter_policy.dead_letter_topic
        if target and target not in self.topics:
            raise not_found(target)

    def _change(self, subscription: Subscription, config: wire.Subscription) -> None:
        before = subscription.config.push_config.push_endpoint
        self._store.change_config(
            "subscription", subscription.id, config.SerializeToString()
        )
        subscription.config = config
        if before != config.push_config.push_endpoint:
            # Another endpoint starts slowly again; what is under way goes on.
            self._stop_pushing(subscription)
            self._start_pushing(subscription)
        self._engine.touch(subscription)

    def _run(self, subscription: Subscription) -> None:
        self.subscriptions[subscription.name] = subscription
        if not subscription.config.detached:
            topic = subscription.config.topic
            self._engine.by_topic.setdefault(topic, {})[subscription.id] = subscription
        self._start_pushing(subscription)
        self._engine.touch(subscription)

    def _start_pushing(self, subscription: Subscription) -> None:
        if subscription.pushes:
            self._dismiss(subscription, pushed(subscription.name))
            pusher = self._new_pusher(subscription)
            self._pushers[subscription.id] = pusher
            subscription.receivers.append(pusher)

    def _stop_pushing(self, subscription: Subscription) -> None:
        pusher = self._pushers.pop(subscription.id, None)
        if pusher is not None:
            pusher.stop()
            subscription.receivers.remove(pusher)
            self._retired = [old for old in self._retired if old.busy()]
            self._retired.append(pusher)
