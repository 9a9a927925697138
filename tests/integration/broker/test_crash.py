"""A broker that is killed loses nothing that it answered for, and goes on."""

import itertools
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from local.broker import pubsub_pb2
from tests.support import broker_servers, running
from tests.support.broker_api import Api, duration
from tests.support.broker_endpoint import Endpoint
from tests.support.broker_servers import ThreadedBroker

KEYS = ("a", "b", "c")
EACH = 60


@pytest.fixture
def state(tmp_path):
    """The file of a broker."""
    return tmp_path / "state.sqlite"


def test_what_was_published_before_is_delivered_after(state):
    with ThreadedBroker(state) as broker:
        api = Api(broker.address)
        topic = api.topic()
        pushed = api.subscription(
            topic,
            enable_message_ordering=True,
            push_config={"push_endpoint": "http://127.0.0.1:9/"},  # refuses
            retry_policy={"minimum_backoff": duration(0.05)},
        )
        pulled = api.subscription(topic)
        ids = [api.publish(topic, str(n).encode(), key="k", a="b") for n in range(20)]
        state = broker.crash()

    with broker_servers.ours(state=state) as address, Endpoint() as endpoint:
        api = Api(address)
        push = {"push_endpoint": endpoint.url}
        request = pubsub_pb2.ModifyPushConfigRequest(
            subscription=pushed, push_config=push
        )
        api.call("Subscriber/ModifyPushConfig", request)
        endpoint.wait(20)
        received = api.pull(pulled, 20)
    assert endpoint.ids() == ids
    assert sorted(r.message.message_id for r in received) == ids


def test_kills_lose_nothing_and_keep_every_key_in_order(state, tmp_path):
    """Clients publish, an endpoint fails every seventh push, and the broker dies."""
    port = running.free_port()
    arguments = ["--state", str(state), "--port", str(port)]
    count = itertools.count(1)
    handled: defaultdict[str, list[int]] = defaultdict(list)

    def answer(push) -> int:
        if next(count) % 7 == 0:
            return 503
        message = push["message"]
        handled[message["orderingKey"]].append(int(message["attributes"]["n"]))
        return 204

    def publish(topic: str, key: str) -> None:
        api = Api(f"127.0.0.1:{port}")
        for number in range(EACH):
            request = _request(topic, key, number)
            while api.status("Publisher/Publish", request) != "OK":
                time.sleep(0.02)
        api.close()

    with Endpoint(answer) as endpoint, ThreadPoolExecutor() as pool:
        with broker_servers.process(tmp_path, *arguments) as broker:
            api = Api(broker.address)
            topic = api.topic()
            retry = {"minimum_backoff": duration(0.02), "maximum_backoff": duration(1)}
            api.subscription(
                topic,
                push_config={"push_endpoint": endpoint.url},
                retry_policy=retry,
                enable_message_ordering=True,
            )
            clients = [pool.submit(publish, topic, key) for key in KEYS]
            until = time.monotonic() + 20
            while sum(map(len, handled.values())) < EACH:
                assert time.monotonic() < until, "nothing is delivered"
                time.sleep(0.005)
            broker.kill()
        with broker_servers.process(tmp_path, *arguments):
            for client in clients:
                client.result()
            until = time.monotonic() + 20
            while any(EACH - 1 not in handled[key] for key in KEYS):
                assert time.monotonic() < until, "not everything was delivered"
                time.sleep(0.02)
    # A push is repeated where the broker died between its answer and its own commit.
    once = {key: list(dict.fromkeys(numbers)) for key, numbers in handled.items()}
    assert once == {key: list(range(EACH)) for key in KEYS}


def _request(topic: str, key: str, number: int) -> pubsub_pb2.PublishRequest:
    message = {"attributes": {"n": str(number)}, "ordering_key": key}
    return pubsub_pb2.PublishRequest(topic=topic, messages=[message])


def test_an_interrupted_push_does_not_count_as_an_attempt(state):
    with Endpoint(lambda push: time.sleep(0.3) or 500) as endpoint:
        with ThreadedBroker(state) as broker:
            api = Api(broker.address)
            topic = api.topic()
            policy = {"dead_letter_topic": topic, "max_delivery_attempts": 5}
            api.subscription(
                topic,
                push_config={"push_endpoint": endpoint.url},
                dead_letter_policy=policy,
            )
            api.publish(topic)
            endpoint.wait(1)
            state = broker.crash()
        with broker_servers.ours(state=state):
            pushes = endpoint.wait(2)
    assert [push["deliveryAttempt"] for push in pushes[:2]] == [1, 1]


def test_attempts_and_backoff_survive(state):
    with ThreadedBroker(state) as broker:
        api = Api(broker.address)
        topic = api.topic()
        policy = {"dead_letter_topic": topic, "max_delivery_attempts": 5}
        retry = {"minimum_backoff": duration(0.6), "maximum_backoff": duration(0.6)}
        subscription = api.subscription(
            topic, dead_letter_policy=policy, retry_policy=retry
        )
        api.publish(topic)
        [first] = api.pull(subscription)
        nacked = time.monotonic()
        api.deadline(subscription, 0, first)
        state = broker.crash()

    with broker_servers.ours(state=state) as address:
        [second] = Api(address).pull(subscription)
    assert (first.delivery_attempt, second.delivery_attempt) == (1, 2)
    assert time.monotonic() - nacked >= 0.6


def test_a_lease_survives(state):
    with ThreadedBroker(state) as broker:
        api = Api(broker.address)
        topic = api.topic()
        subscription = api.subscription(topic, ack_deadline_seconds=600)
        api.publish(topic)
        [received] = api.pull(subscription)
        state = broker.crash()

    with broker_servers.ours(state=state) as address:
        api = Api(address)
        assert api.pull(subscription, wait=False) == []
        api.acknowledge(subscription, received)
        api.deadline(subscription, 0, received)
        assert api.pull(subscription, wait=False) == []


def test_the_order_of_a_pulled_key_survives(state):
    """The first is acknowledged, the second leased, the third acknowledged."""
    with ThreadedBroker(state) as broker:
        api = Api(broker.address)
        topic = api.topic()
        subscription = api.subscription(topic, enable_message_ordering=True)
        for data in (b"1", b"2", b"3", b"4"):
            api.publish(topic, data, key="k")
        first, second, third = api.pull(subscription, 3)
        api.acknowledge(subscription, first, third)
        state = broker.crash()

    with broker_servers.ours(state=state) as address:
        api = Api(address)
        held_back = api.pull(subscription, wait=False)
        api.deadline(subscription, 0, second)
        rest = [r.message.data for r in api.pull(subscription)]
    assert (held_back, rest) == ([], [b"2", b"3", b"4"])


def test_an_acknowledged_message_stays_so_after_a_stop(state):
    with broker_servers.ours(state=state) as address:
        api = Api(address)
        topic = api.topic()
        subscription = api.subscription(topic)
        api.publish(topic, b"acknowledged")
        api.acknowledge(subscription, *api.pull(subscription))
        api.publish(topic, b"left")

    with broker_servers.ours(state=state) as address:
        received = Api(address).pull(subscription)
    assert [r.message.data for r in received] == [b"left"]


def test_topics_and_subscriptions_survive_as_they_were(state):
    with ThreadedBroker(state) as broker:
        api = Api(broker.address)
        topic, deleted = api.topic(), api.topic()
        api.publisher.delete_topic(topic=deleted)
        name = api.subscription(topic, ack_deadline_seconds=20)
        change = pubsub_pb2.Subscription(name=name, ack_deadline_seconds=99)
        request = pubsub_pb2.UpdateSubscriptionRequest(
            subscription=change, update_mask=FieldMask(paths=["ack_deadline_seconds"])
        )
        before = api.call(
            "Subscriber/UpdateSubscription", request, pubsub_pb2.Subscription
        )
        state = broker.crash()

    with broker_servers.ours(state=state) as address:
        api = Api(address)
        request = pubsub_pb2.GetSubscriptionRequest(subscription=name)
        after = api.call("Subscriber/GetSubscription", request, pubsub_pb2.Subscription)
        request = pubsub_pb2.GetTopicRequest(topic=deleted)
        missing = api.status("Publisher/GetTopic", request)
        topics = list(api.publisher.list_topic_subscriptions(topic=topic))
    assert (after, missing, topics) == (before, "NOT_FOUND", [name])


def test_message_ids_are_not_used_again_without_the_file():
    """A ledger that outlives the broker's state must not take new messages for old."""
    ids = []
    for _ in range(2):
        with broker_servers.ours() as address:
            api = Api(address)
            ids.append(int(api.publish(api.topic())))
    assert ids[0] < ids[1]
