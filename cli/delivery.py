"""Switches an entity's delivery off and on: pushing stops, what arrives is kept.

Where a paused subscription pushed to, with whose signature, is written into its own
labels in the same request that switches the push off. So there is no moment at which
a killed command, or a second operator, could lose it, and whoever resumes needs
nothing but the subscription.
"""

import base64
import binascii
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cli.pubsub import PubSub, PushConfig, Refused, Subscription
from cli.where import Where

# A label's value has at most 63 of a-z, 0-9, _ and -; a resource has 64 labels:
# https://cloud.google.com/pubsub/docs/labels#requirements
PIECE = "paused-push-"
SINCE = "paused-since"
PIECE_LENGTH = 63
MOST_PIECES = 40


@dataclass(frozen=True)
class Change:
    """What became of one entity's delivery.

    Attributes:
        did: ``paused``, ``resumed``, ``already paused``, ``already delivering`` or
            ``failed``.
        why: of the last, a sentence.
    """

    entity: str
    did: str
    why: str = ""


@dataclass(frozen=True)
class State:
    """How one entity's delivery stands.

    Attributes:
        push_to: URL of the consumer; "" where it is paused.
        paused_since: seconds since 1970; None where it is not, or nobody noted it.
        kept_seconds: how long what is not delivered is kept.
    """

    entity: str
    push_to: str
    paused_since: int | None
    kept_seconds: int


class NotKept(Exception):
    """Where to resume to is not noted; the text says what to do."""


def pause(
    where: Where,
    pubsub: PubSub,
    entities: Iterable[str],
    clock: Callable[[], float] = time.time,
) -> Iterator[Change]:
    """Stop pushing for *entities*; what is under way ends as it would have.

    Raises:
        Unreachable: nobody is there.
    """
    for entity in entities:
        try:
            yield Change(entity, _pause(where, pubsub, entity, int(clock())))
        except Refused as error:
            yield Change(entity, "failed", str(error))


def resume(where: Where, pubsub: PubSub, entities: Iterable[str]) -> Iterator[Change]:
    """Push for *entities* again, as before the pause.

    Raises:
        Unreachable: nobody is there.
    """
    for entity in entities:
        try:
            yield Change(entity, _resume(where, pubsub, entity))
        except (Refused, NotKept) as error:
            yield Change(entity, "failed", str(error))


def states(where: Where, pubsub: PubSub, entities: Iterable[str]) -> Iterator[State]:
    """How delivery of *entities* stands.

    Raises:
        Unreachable: nobody is there, or there are no such subscriptions.
    """
    for entity in entities:
        found = pubsub.subscription(where.subscription(entity))
        push_to = found.push_config.push_endpoint
        since = found.labels.get(SINCE, "")
        yield State(
            entity,
            push_to,
            int(since) if since.isdigit() and not push_to else None,
            found.message_retention_duration.seconds,
        )


def _pause(where: Where, pubsub: PubSub, entity: str, now: int) -> str:
    subscription = pubsub.subscription(where.subscription(entity))
    if not subscription.push_config.push_endpoint:
        return "already paused"
    _forget(subscription)
    subscription.labels.update(noted(subscription.push_config))
    subscription.labels[SINCE] = str(now)
    subscription.push_config.CopyFrom(PushConfig())
    pubsub.update(subscription, "push_config", "labels")
    return "paused"


def _resume(where: Where, pubsub: PubSub, entity: str) -> str:
    subscription = pubsub.subscription(where.subscription(entity))
    if subscription.push_config.push_endpoint:
        # A deployment in the meantime has switched it on; our note is out of date.
        if _forget(subscription):
            pubsub.update(subscription, "labels")
        return "already delivering"
    if consumer := where.stack.get("consumer"):
        # The local stack's consumer has another port after each start.
        config = PushConfig(push_endpoint=consumer)
    else:
        config = read_note(subscription.labels)
    _forget(subscription)
    subscription.push_config.CopyFrom(config)
    pubsub.update(subscription, "push_config", "labels")
    return "resumed"


def noted(config: PushConfig) -> dict[str, str]:
    """*config*, whole, as labels."""
    text = base64.b32encode(config.SerializeToString()).decode().rstrip("=").lower()
    pieces = [text[i : i + PIECE_LENGTH] for i in range(0, len(text), PIECE_LENGTH)]
    if len(pieces) > MOST_PIECES:
        raise Refused("TOO_LONG", "Its push settings are too long to be kept as labels")
    return {f"{PIECE}{number}": piece for number, piece in enumerate(pieces)}


def read_note(labels: dict[str, str]) -> PushConfig:
    """The settings that :func:`noted` made labels of.

    Raises:
        NotKept: there are none, or not all of them.
    """
    pieces = []
    while piece := labels.get(f"{PIECE}{len(pieces)}", ""):
        pieces.append(piece)
    text = "".join(pieces).upper()
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
        config = PushConfig.FromString(raw)
    except (binascii.Error, ValueError):
        config = PushConfig()
    if not config.push_endpoint:
        raise NotKept(
            "It was not paused by this command, so where it pushed to is not noted:"
            " make deploy (terraform apply) restores it"
        )
    return config


def _forget(subscription: Subscription) -> bool:
    """Take our labels off; whether there were any."""
    ours = [n for n in subscription.labels if n == SINCE or n.startswith(PIECE)]
    for name in ours:
        del subscription.labels[name]
    return bool(ours)
