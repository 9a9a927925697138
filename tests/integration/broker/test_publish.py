"""What may be published, and what becomes of it."""

from google.cloud import pubsub_v1

from local.broker import pubsub_pb2
from tests.support.broker_api import only_ours


def _publish(api, *messages: dict) -> str:
    request = pubsub_pb2.PublishRequest(topic=api.topic(), messages=messages)
    return api.status("Publisher/Publish", request)


def _seen(received) -> tuple:
    message = received.message
    return message.data, dict(message.attributes), message.ordering_key


def test_a_message_of_googles_client_reaches_every_subscription(api):
    topic = api.topic()
    subscriptions = [api.subscription(topic), api.subscription(topic)]
    number = api.publisher.publish(topic, b"data", one="1", two="zwei").result(20)
    for subscription in subscriptions:
        [received] = api.pull(subscription)
        assert _seen(received) == (b"data", {"one": "1", "two": "zwei"}, "")
        assert received.message.message_id == number
        assert received.message.publish_time.seconds > 1_700_000_000


def test_googles_client_publishes_with_an_ordering_key(api):
    topic = api.topic()
    subscription = api.subscription(topic, enable_message_ordering=True)
    options = pubsub_v1.types.PublisherOptions(enable_message_ordering=True)
    publisher = pubsub_v1.PublisherClient(
        publisher_options=options, transport=api.publisher.transport
    )
    publisher.publish(topic, b"data", ordering_key="k").result(20)
    [received] = api.pull(subscription)
    assert _seen(received) == (b"data", {}, "k")


def test_message_ids_are_those_of_the_messages_in_their_order(api):
    topic = api.topic()
    subscription = api.subscription(topic)
    request = pubsub_pb2.PublishRequest(
        topic=topic, messages=[{"data": str(n).encode()} for n in range(20)]
    )
    ids = api.call("Publisher/Publish", request, pubsub_pb2.PublishResponse).message_ids
    seen = {}
    while len(seen) < 20:
        for received in api.pull(subscription, 20):
            seen[received.message.message_id] = received.message.data
    assert seen == {number: str(n).encode() for n, number in enumerate(ids)}


def test_a_subscription_gets_what_is_published_after_it(api):
    topic = api.topic()
    api.publish(topic, b"before")
    subscription = api.subscription(topic)
    api.publish(topic, b"after")
    assert [r.message.data for r in api.pull(subscription)] == [b"after"]


WITHIN = {
    "only attributes": {"attributes": {"a": ""}},
    "long value": {"data": b"x", "attributes": {"a": "ä" * 512}},
    "long key": {"data": b"x", "attributes": {"ä" * 128: "v"}},
    "100 attributes": {"data": b"x", "attributes": {f"a{n}": "" for n in range(100)}},
    "long ordering key": {"data": b"x", "ordering_key": "ä" * 512},
    "large": {"data": b"x" * 9_900_000},
    "not UTF-8": {"data": bytes(range(256))},
}


def test_a_message_within_the_limits_arrives_as_it_was(api):
    changed = []
    for case, fields in WITHIN.items():
        topic = api.topic()
        subscription = api.subscription(topic)
        request = pubsub_pb2.PublishRequest(topic=topic, messages=[fields])
        api.call("Publisher/Publish", request, pubsub_pb2.PublishResponse)
        [received] = api.pull(subscription)
        sent = pubsub_pb2.PubsubMessage(**fields)
        if _seen(received) != (sent.data, dict(sent.attributes), sent.ordering_key):
            changed.append(case)
    assert changed == []


def test_a_request_without_messages_is_rejected(api):
    assert _publish(api) == "INVALID_ARGUMENT"


def test_a_message_without_data_and_attributes_is_rejected(api):
    assert _publish(api, {"data": b"x"}, {}) == "INVALID_ARGUMENT"


def test_more_than_a_thousand_messages_are_rejected(api):
    assert _publish(api, *[{"data": b"x"}] * 1001) == "INVALID_ARGUMENT"


OUTSIDE = {
    "101 attributes": {"data": b"x", "attributes": {f"a{n}": "" for n in range(101)}},
    "empty key": {"data": b"x", "attributes": {"": "v"}},
    "long key": {"data": b"x", "attributes": {"ä" * 128 + "a": "v"}},
    "long value": {"data": b"x", "attributes": {"a": "ä" * 512 + "a"}},
    "long ordering key": {"data": b"x", "ordering_key": "ä" * 512 + "a"},
    "too large": {"data": b"x" * 10_000_000},
}


@only_ours("takes it")
def test_a_message_beyond_the_limits_is_rejected(api):
    statuses = {case: _publish(api, message) for case, message in OUTSIDE.items()}
    assert statuses == dict.fromkeys(OUTSIDE, "INVALID_ARGUMENT")


@only_ours("takes it")
def test_two_ordering_keys_in_one_request_are_rejected(api):
    messages = [{"data": b"x", "ordering_key": key} for key in ("a", "b")]
    assert _publish(api, *messages) == "INVALID_ARGUMENT"


def test_of_a_rejected_request_nothing_is_stored(api):
    topic = api.topic()
    subscription = api.subscription(topic)
    request = pubsub_pb2.PublishRequest(topic=topic, messages=[{"data": b"good"}, {}])
    assert api.status("Publisher/Publish", request) == "INVALID_ARGUMENT"
    api.publish(topic, b"later")
    assert [r.message.data for r in api.pull(subscription)] == [b"later"]
