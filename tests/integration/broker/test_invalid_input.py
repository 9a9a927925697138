"""No request stops the broker, whatever is in it."""

import logging
import random

import grpc
import pytest

from local.broker import pubsub_pb2
from local.broker.service import Publisher, Subscriber
from tests.support.broker_embedded import EmbeddedBroker

INTEGERS = [0, 1, -1, 10, 600, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63)]
TEXTS = [
    "",
    "\0",
    "a\0b",
    "x" * 100_000,
    "projects/p/topics/topic",
    "projects/p/topics/\0\0\0",
    "projects/\0/topics/abc",
    "projects/p/subscriptions/sub",
    "projects/p",
    "1-1-1",
    "1-1-99999999999999999999",
    "1-99999999999999999999-1",
    "99999999999999999999-1-1",
    "1--1-1",
    "١-١-١",
    "http://[",
    "http://127.0.0.1:99999/",
    "http://\0/",
    "labels.\0",
    "push_config.push_endpoint",
    "retry_policy",
    "\U0001f600" * 300,
]
METHODS = [
    *((f"Publisher/{name}", request) for name, request in Publisher.METHODS.items()),
    *((f"Subscriber/{name}", request) for name, request in Subscriber.METHODS.items()),
]
REQUESTS = 25  # of each method
REFUSALS = {
    "OK",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "FAILED_PRECONDITION",
    "UNIMPLEMENTED",
}


def _value(field, chance: random.Random, depth: int):
    if field.message_type is not None:
        message = field.message_type._concrete_class()
        if depth < 4:
            _fill(message, chance, depth + 1)
        return message
    if field.type in (field.TYPE_STRING, field.TYPE_BYTES):
        text = chance.choice(TEXTS)
        return text if field.type == field.TYPE_STRING else text.encode()
    if field.type == field.TYPE_BOOL:
        return chance.random() < 0.5
    if field.type == field.TYPE_ENUM:
        return 0
    if field.type in (field.TYPE_INT32, field.TYPE_INT64):
        bits = 31 if field.type == field.TYPE_INT32 else 63
        fitting = [n for n in INTEGERS if -(2**bits) <= n < 2**bits]
        return chance.choice(fitting)
    return 0


def _fill(message, chance: random.Random, depth: int = 0) -> None:
    """Set some of the fields of *message*, to odd values mostly."""
    for field in message.DESCRIPTOR.fields:
        if chance.random() < (0.3 if depth else 0.1):
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            key, value = field.message_type.fields
            if value.message_type is None:
                name = _value(key, chance, depth)
                getattr(message, field.name)[name] = _value(value, chance, depth)
        elif field.is_repeated:
            values = [
                _value(field, chance, depth) for _ in range(chance.choice([1, 2]))
            ]
            getattr(message, field.name).extend(values)
        elif field.message_type is not None:
            getattr(message, field.name).CopyFrom(_value(field, chance, depth))
        else:
            setattr(message, field.name, _value(field, chance, depth))


@pytest.mark.parametrize(("method", "request_"), METHODS, ids=[m for m, _ in METHODS])
async def test_odd_requests_do_no_harm(method, request_, caplog):
    chance = random.Random(method)  # noqa: S311 repeatable, not secret
    caplog.set_level(logging.ERROR, "local.broker")
    statuses = set()
    async with EmbeddedBroker() as embedded:
        embedded.broker.release()
        topic = await embedded.topic()
        name = "projects/p/subscriptions/sub"
        config = pubsub_pb2.Subscription(name=name, topic=topic)
        await embedded.call(
            "Subscriber/CreateSubscription", config, pubsub_pb2.Subscription
        )
        for _ in range(REQUESTS):
            request = request_()
            _fill(request, chance)
            if method == "Subscriber/Pull":
                request.return_immediately = True
            statuses.add(await embedded.status(method, request))
        again = await embedded.topic("another")
        subscription = await embedded.subscription(again)
        number = await embedded.publish(again)
        [received] = await embedded.pull(subscription, 1)
    assert received.message.message_id == number
    assert statuses <= REFUSALS
    assert caplog.records == []


ACK_IDS = [
    "",
    "nonsense",
    "{subscription}-{message}-99999999999999999999",
    "{subscription}-99999999999999999999-1",
    "99999999999999999999-{message}-1",
    "{subscription}-{message}",
    "{subscription}--{message}-1",
    "{subscription}-{message}-1\0",
    "{subscription}-1_0-1",
    "{subscription}-" + "9" * 10_000 + "-1",
]


@pytest.mark.parametrize("verb", ["Acknowledge", "ModifyAckDeadline"])
def test_a_malformed_ack_id_is_rejected(ours, verb):
    topic = ours.topic()
    name = ours.subscription(topic)
    ours.publish(topic)
    [received] = ours.pull(name)
    subscription, message, _ = received.ack_id.split("-")
    statuses = {}
    for ack_id in ACK_IDS:
        malformed = ack_id.format(subscription=subscription, message=message)
        request = getattr(pubsub_pb2, f"{verb}Request")(
            subscription=name, ack_ids=[malformed]
        )
        statuses[ack_id] = ours.status(f"Subscriber/{verb}", request)
    assert statuses == dict.fromkeys(ACK_IDS, "INVALID_ARGUMENT")
    ours.publish(topic)
    assert len(ours.pull(name)) == 1


def test_a_malformed_ack_id_ends_a_stream(ours):
    name = ours.subscription(ours.topic())
    stream = ours.channel.stream_stream(
        "/google.pubsub.v1.Subscriber/StreamingPull",
        request_serializer=pubsub_pb2.StreamingPullRequest.SerializeToString,
        response_deserializer=pubsub_pb2.StreamingPullResponse.FromString,
    )
    statuses = {}
    for ack_id in ACK_IDS:
        malformed = ack_id.format(subscription="1", message="1")
        request = pubsub_pb2.StreamingPullRequest(
            subscription=name, stream_ack_deadline_seconds=10, ack_ids=[malformed]
        )
        with pytest.raises(grpc.RpcError) as error:
            list(stream(iter([request]), timeout=20))
        statuses[ack_id] = error.value.code().name
    assert statuses == dict.fromkeys(ACK_IDS, "INVALID_ARGUMENT")


def test_a_nul_in_an_ordering_key_is_part_of_the_key(ours):
    topic = ours.topic()
    name = ours.subscription(topic, enable_message_ordering=True)
    keys = {"a\0b", "a\0c", "a"}
    for key in keys:
        ours.publish(topic, key.encode(), key=key)
    received = ours.pull(name)
    assert {each.message.ordering_key for each in received} == keys
