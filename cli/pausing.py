"""Pauses and resumes delivery of entities: pushing stops, messages are kept.

The push configuration of a paused subscription is written into its own labels by the
request that removes it. So no killed command and no second operator can lose it, and to
resume needs nothing but the subscription.
"""

import base64
import binascii
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from google.protobuf.message import DecodeError
from google.pubsub_v1.types import PushConfig, Subscription

from cli.deployment import Deployment
from cli.pubsub import PubSub, PubSubError
from functions.events.catalog import INBOUND_ENTITIES, OUTBOUND_ENTITIES

# A label's value has at most 63 of a-z, 0-9, _ and -; a resource has 64 labels:
# https://cloud.google.com/pubsub/docs/labels#requirements
PART = "paused-push-"
SINCE = "paused-since"
MAX_LABEL_LENGTH = 63
MAX_PARTS = 40

ChangeResult = Literal[
    "paused", "resumed", "already paused", "already delivering", "failed"
]


@dataclass(frozen=True)
class Change:
    """What became of one entity's delivery.

    Attributes:
        detail: why it failed.
    """

    entity: str
    result: ChangeResult
    detail: str = ""


@dataclass(frozen=True)
class DeliveryState:
    """Whether one entity's events are delivered.

    Attributes:
        push_to: URL of the consumer; "" while paused.
        paused_since: seconds since 1970; None where it is not paused, or was not paused
            by this command.
        kept_seconds: how long messages that are not delivered are kept.
    """

    entity: str
    push_to: str
    paused_since: int | None
    kept_seconds: int


class PushConfigMissing(Exception):
    """The labels hold no push configuration to resume; the text says what to do."""


class PushConfigTooLong(Exception):
    """The push configuration does not fit into labels."""


def pause(
    deployment: Deployment,
    pubsub: PubSub,
    entities: Iterable[str],
    clock: Callable[[], float] = time.time,
) -> Iterator[Change]:
    """Stop pushing for *entities*; deliveries in flight are completed.

    Raises:
        Unreachable: Pub/Sub does not answer.
    """
    for entity in entities:
        try:
            yield Change(entity, _pause(deployment, pubsub, entity, int(clock())))
        except (PubSubError, PushConfigTooLong) as error:
            yield Change(entity, "failed", str(error))


def resume(
    deployment: Deployment, pubsub: PubSub, entities: Iterable[str]
) -> Iterator[Change]:
    """Push for *entities* again, as before the pause.

    Raises:
        Unreachable: Pub/Sub does not answer.
    """
    for entity in entities:
        try:
            yield Change(entity, _resume(deployment, pubsub, entity))
        except (PubSubError, PushConfigMissing) as error:
            yield Change(entity, "failed", str(error))


def delivery_states(
    deployment: Deployment, pubsub: PubSub, entities: Iterable[str]
) -> Iterator[DeliveryState]:
    """Whether the events of *entities* are delivered.

    Raises:
        Unreachable: Pub/Sub does not answer, or a subscription does not exist.
    """
    for entity in entities:
        subscription = pubsub.subscription(deployment.subscription(entity))
        push_to = subscription.push_config.push_endpoint
        since = subscription.labels.get(SINCE, "")
        yield DeliveryState(
            entity,
            push_to,
            int(since) if since.isdigit() and not push_to else None,
            Subscription.pb(subscription).message_retention_duration.seconds,
        )


def served_entities(deployment: Deployment, pubsub: PubSub) -> tuple[str, ...]:
    """The entities that have a subscription; the outbound direction is optional.

    Raises:
        Unreachable: Pub/Sub does not answer.
    """
    entities = list(INBOUND_ENTITIES)
    for entity in OUTBOUND_ENTITIES:
        try:
            pubsub.subscription(deployment.subscription(entity))
        except PubSubError as error:
            if error.code != "NOT_FOUND":
                raise
        else:
            entities.append(entity)
    return tuple(entities)


def is_paused(deployment: Deployment, pubsub: PubSub, entity: str) -> bool:
    """Whether delivery of *entity* is paused; False for an unknown entity.

    Raises:
        Unreachable: Pub/Sub does not answer.
    """
    try:
        subscription = pubsub.subscription(deployment.subscription(entity))
    except PubSubError:
        return False
    return not subscription.push_config.push_endpoint


def _pause(
    deployment: Deployment, pubsub: PubSub, entity: str, now: int
) -> ChangeResult:
    subscription = pubsub.subscription(deployment.subscription(entity))
    if not subscription.push_config.push_endpoint:
        return "already paused"
    _remove_labels(subscription)
    subscription.labels.update(to_labels(subscription.push_config))
    subscription.labels[SINCE] = str(now)
    subscription.push_config = PushConfig()
    pubsub.update(subscription, "push_config", "labels")
    return "paused"


def _resume(deployment: Deployment, pubsub: PubSub, entity: str) -> ChangeResult:
    subscription = pubsub.subscription(deployment.subscription(entity))
    if subscription.push_config.push_endpoint:
        # A deployment in between has restored it; the labels are outdated.
        if _remove_labels(subscription):
            pubsub.update(subscription, "labels")
        return "already delivering"
    if deployment.stack and (consumer := deployment.stack["consumer"]):
        # The local stack's consumer has another port after each start.
        config = PushConfig(push_endpoint=consumer)
    else:
        config = from_labels(subscription.labels)
    _remove_labels(subscription)
    subscription.push_config = config
    pubsub.update(subscription, "push_config", "labels")
    return "resumed"


def to_labels(config: PushConfig) -> dict[str, str]:
    """*config* as labels.

    Raises:
        PushConfigTooLong: it needs more than MAX_PARTS of them.
    """
    serialized = base64.b32encode(PushConfig.serialize(config))
    text = serialized.decode().rstrip("=").lower()
    parts = [
        text[i : i + MAX_LABEL_LENGTH] for i in range(0, len(text), MAX_LABEL_LENGTH)
    ]
    if len(parts) > MAX_PARTS:
        raise PushConfigTooLong("Its push configuration is too long to be kept")
    return {f"{PART}{number}": part for number, part in enumerate(parts)}


def from_labels(labels: Mapping[str, str]) -> PushConfig:
    """The configuration that :func:`to_labels` wrote.

    Raises:
        PushConfigMissing: there is none, or it is incomplete.
    """
    count = sum(name.startswith(PART) for name in labels)
    try:
        text = "".join(labels[f"{PART}{number}"] for number in range(count)).upper()
        serialized = base64.b32decode(text + "=" * (-len(text) % 8))
        config: PushConfig = PushConfig.deserialize(serialized)
    except (KeyError, binascii.Error, ValueError, DecodeError):
        config = PushConfig()
    if not config.push_endpoint:
        raise PushConfigMissing(
            "It was not paused by this command, so its push endpoint is not known:"
            " make deploy (terraform apply) restores it"
        )
    return config


def _remove_labels(subscription: Subscription) -> bool:
    """Remove our labels; returns whether there were any."""
    names = [n for n in subscription.labels if n == SINCE or n.startswith(PART)]
    for name in names:
        del subscription.labels[name]
    return bool(names)
