"""After its last attempt a message goes to the dead-letter topic, with the reason.

Google's emulator stops delivering for good once attempts are exhausted (a fault of its
push loop), so all of this runs against ours alone.
"""

import re

from local.broker import pubsub_pb2
from tests.support.broker_api import PROJECT, Api, duration, only_ours
from tests.support.broker_endpoint import Endpoint

QUICK = {"minimum_backoff": duration(0.02), "maximum_backoff": duration(0.02)}
STOPS = "stops delivering once the attempts are exhausted"


def _topics(api: Api, **config) -> tuple[str, str, str]:
    """A topic, its subscription with five attempts, and that of its dead letters."""
    topic, dead = api.topic(), api.topic()
    policy = {"dead_letter_topic": dead, "max_delivery_attempts": 5}
    config = {"retry_policy": QUICK, "dead_letter_policy": policy, **config}
    dead_letters = api.subscription(dead)
    return topic, api.subscription(topic, **config), dead_letters


@only_ours(STOPS)
def test_an_exhausted_message_is_forwarded_as_it_was(api):
    with Endpoint(lambda push: 500) as endpoint:
        push = {"push_endpoint": endpoint.url}
        topic, subscription, dead_letters = _topics(
            api, push_config=push, enable_message_ordering=True
        )
        number = api.publish(topic, b"\x00data", key="k", one="1")
        [forwarded] = api.pull(dead_letters)
        assert len(endpoint.wait(6, seconds=0.3)) == 5
    attributes = dict(forwarded.message.attributes)
    published = attributes.pop("CloudPubSubDeadLetterSourceTopicPublishTime")
    assert attributes == {
        "one": "1",
        "CloudPubSubDeadLetterSourceDeliveryCount": "5",
        "CloudPubSubDeadLetterSourceSubscription": subscription.rpartition("/")[2],
        "CloudPubSubDeadLetterSourceSubscriptionProject": PROJECT.rpartition("/")[2],
    }
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", published)
    assert (forwarded.message.data, forwarded.message.ordering_key) == (
        b"\x00data",
        "k",
    )
    assert forwarded.message.message_id != number


@only_ours(STOPS)
def test_a_key_goes_on_after_its_message_was_dead_lettered(api):
    def answer(push) -> int:
        return 500 if push["message"]["attributes"]["n"] == "1" else 200

    with Endpoint(answer) as endpoint:
        push = {"push_endpoint": endpoint.url}
        topic, _, dead_letters = _topics(
            api, push_config=push, enable_message_ordering=True
        )
        for number in ("1", "2", "3"):
            api.publish(topic, key="k", n=number)
        endpoint.wait(7)
        [forwarded] = api.pull(dead_letters)
    order = [push["message"]["attributes"]["n"] for push in endpoint.pushes]
    assert order == ["1", "1", "1", "1", "1", "2", "3"]
    assert forwarded.message.attributes["n"] == "1"


@only_ours(STOPS)
def test_a_pulled_message_is_dead_lettered_at_the_end(api):
    topic, subscription, dead_letters = _topics(api)
    api.publish(topic)
    seen = []
    for _ in range(5):
        [received] = api.pull(subscription)
        seen.append(received.delivery_attempt)
        api.deadline(subscription, 0, received)
    [forwarded] = api.pull(dead_letters)
    count = forwarded.message.attributes["CloudPubSubDeadLetterSourceDeliveryCount"]
    assert (seen, count) == ([1, 2, 3, 4, 5], "5")
    assert api.pull(subscription, wait=False) == []


def test_a_passed_deadline_is_an_attempt(fast):
    topic, subscription, dead_letters = _topics(fast, ack_deadline_seconds=10)
    fast.publish(topic)
    attempts = []
    for _ in range(5):
        [received] = fast.pull(subscription)
        attempts.append(received.delivery_attempt)
        fast.deadline(subscription, 1, received)
    [forwarded] = fast.pull(dead_letters)
    assert (attempts, forwarded.message.data) == ([1, 2, 3, 4, 5], b"x")


@only_ours(STOPS)
def test_without_its_dead_letter_topic_delivery_goes_on(api):
    with Endpoint(lambda push: 500) as endpoint:
        push = {"push_endpoint": endpoint.url}
        topic, dead = api.topic(), api.topic()
        policy = {"dead_letter_topic": dead, "max_delivery_attempts": 5}
        subscription = api.subscription(
            topic, push_config=push, dead_letter_policy=policy, retry_policy=QUICK
        )
        api.publisher.delete_topic(topic=dead)
        api.publish(topic)
        pushes = endpoint.wait(7)
        api.subscriber.delete_subscription(subscription=subscription)
    assert [push["deliveryAttempt"] for push in pushes[:7]] == [1, 2, 3, 4, 5, 6, 7]


@only_ours("takes it")
def test_an_unknown_dead_letter_topic_is_rejected(api):
    topic = api.topic()
    config = pubsub_pb2.Subscription(
        name=f"{PROJECT}/subscriptions/without-dead-letters",
        topic=topic,
        dead_letter_policy={"dead_letter_topic": f"{PROJECT}/topics/nowhere"},
    )
    assert api.status("Subscriber/CreateSubscription", config) == "NOT_FOUND"
