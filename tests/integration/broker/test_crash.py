"""A killed broker loses nothing that it answered for, and goes on where it was."""

import itertools
import os
import signal
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from local.broker import pubsub_pb2
from tests import running
from tests.support import broker_servers
from tests.support.broker_api import Api, duration
from tests.support.broker_endpoint import Endpoint

KEYS = ("a", "b", "c")
EACH = 150


@pytest.fixture
def state(tmp_path):
    """Arguments that make a broker keep its state."""
    return "--state", str(tmp_path / "state.sqlite")


def _kill(process) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_what_was_published_before_a_kill_is_delivered_after_it(state):
    with broker_servers.child(*state) as (process, address):
        api = Api(address)
        topic = api.topic()
        pushed = api.subscription(
            topic,
            enable_message_ordering=True,
            push_config={"push_endpoint": "http://127.0.0.1:9/"},  # nobody listens
            retry_policy={"minimum_backoff": duration(0.05)},
        )
        pulled = api.subscription(topic)
        ids = [api.publish(topic, str(n).encode(), key="k", a="b") for n in range(20)]
        _kill(process)

    with broker_servers.ours(*state) as address, Endpoint() as endpoint:
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


def test_kills_lose_nothing_and_keep_every_key_in_order(state):
    """Clients publish, an endpoint refuses every seventh push, and the broker dies."""
    port = str(running.free_port())
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
            while (
                api.refusal("Publisher/Publish", _message(topic, key, number)) != "OK"
            ):
                time.sleep(0.02)
        api.close()

    with Endpoint(answer) as endpoint, ThreadPoolExecutor() as pool:
        with broker_servers.child(*state, "--port", port) as (process, address):
            api = Api(address)
            topic = api.topic()
            push = {"push_endpoint": endpoint.url}
            retry = {"minimum_backoff": duration(0.02), "maximum_backoff": duration(1)}
            api.subscription(
                topic,
                push_config=push,
                retry_policy=retry,
                enable_message_ordering=True,
            )
            clients = [pool.submit(publish, topic, key) for key in KEYS]
            time.sleep(0.3)
            _kill(process)
        for _ in range(2):
            with broker_servers.child(*state, "--port", port) as (process, _):
                time.sleep(0.3)
                _kill(process)
        with broker_servers.ours(*state, "--port", port):
            for client in clients:
                client.result()
            until = time.monotonic() + 20
            while any(EACH - 1 not in handled[key] for key in KEYS):
                assert time.monotonic() < until, "not everything was delivered"
                time.sleep(0.02)
    # AlreadyProcessed twice: the broker died between endpoint's answer and its own commit.
    once = {key: list(dict.fromkeys(numbers)) for key, numbers in handled.items()}
    assert once == {key: list(range(EACH)) for key in KEYS}


def _message(topic: str, key: str, number: int) -> pubsub_pb2.PublishRequest:
    message = {"attributes": {"n": str(number)}, "ordering_key": key}
    return pubsub_pb2.PublishRequest(topic=topic, messages=[message])


def test_what_was_being_pushed_at_a_kill_is_pushed_again_as_the_same_try(state):
    with Endpoint(lambda push: time.sleep(0.5) or 500) as endpoint:
        with broker_servers.child(*state) as (process, address):
            api = Api(address)
            topic = api.topic()
            policy = {"dead_letter_topic": topic, "max_delivery_attempts": 5}
            api.subscription(
                topic,
                push_config={"push_endpoint": endpoint.url},
                dead_letter_policy=policy,
            )
            api.publish(topic)
            endpoint.wait(1)
            _kill(process)
        with broker_servers.ours(*state):
            pushes = endpoint.wait(2)
    assert [push["deliveryAttempt"] for push in pushes] == [1, 1]


def test_attempts_and_back_off_survive_a_kill(state):
    with broker_servers.child(*state) as (process, address):
        api = Api(address)
        topic = api.topic()
        policy = {"dead_letter_topic": topic, "max_delivery_attempts": 5}
        retry = {"minimum_backoff": duration(1), "maximum_backoff": duration(1)}
        subscription = api.subscription(
            topic, dead_letter_policy=policy, retry_policy=retry
        )
        api.publish(topic)
        [first] = api.pull(subscription)
        given_back = time.monotonic()
        api.deadline(subscription, 0, first)
        _kill(process)

    with broker_servers.ours(*state) as address:
        api = Api(address)
        early = api.pull(subscription, wait=False)
        waited = time.monotonic() - given_back
        [second] = api.pull(subscription)
        whole = time.monotonic() - given_back
    assert (first.delivery_attempt, second.delivery_attempt) == (1, 2)
    assert early == [] or waited >= 1
    assert whole >= 1


def test_a_lease_survives_a_kill(state):
    """What somebody pulled is still theirs, and theirs to acknowledge."""
    with broker_servers.child(*state) as (process, address):
        api = Api(address)
        topic = api.topic()
        subscription = api.subscription(topic, ack_deadline_seconds=600)
        api.publish(topic)
        [received] = api.pull(subscription)
        _kill(process)

    with broker_servers.ours(*state) as address:
        api = Api(address)
        assert api.pull(subscription, wait=False) == []
        api.acknowledge(subscription, received)
        api.deadline(subscription, 0, received)
        assert api.pull(subscription, wait=False) == []


def test_an_acknowledged_message_stays_so_after_a_stop(state):
    with broker_servers.child(*state) as (process, address):
        api = Api(address)
        topic = api.topic()
        subscription = api.subscription(topic)
        api.publish(topic, b"done")
        api.acknowledge(subscription, *api.pull(subscription))
        api.publish(topic, b"left")
        broker_servers.stop(process)

    with broker_servers.ours(*state) as address:
        received = Api(address).pull(subscription)
    assert [r.message.data for r in received] == [b"left"]


def test_topics_and_subscriptions_survive_as_they_were(state):
    with broker_servers.child(*state) as (process, address):
        api = Api(address)
        topic, gone = api.topic(), api.topic()
        api.publisher.delete_topic(topic=gone)
        name = api.subscription(topic, ack_deadline_seconds=20)
        change = pubsub_pb2.Subscription(
            name=name, topic=topic, ack_deadline_seconds=99
        )
        mask = FieldMask(paths=["ack_deadline_seconds"])
        request = pubsub_pb2.UpdateSubscriptionRequest(
            subscription=change, update_mask=mask
        )
        before = api.call(
            "Subscriber/UpdateSubscription", request, pubsub_pb2.Subscription
        )
        _kill(process)

    with broker_servers.ours(*state) as address:
        api = Api(address)
        request = pubsub_pb2.GetSubscriptionRequest(subscription=name)
        after = api.call("Subscriber/GetSubscription", request, pubsub_pb2.Subscription)
        missing = api.refusal(
            "Publisher/GetTopic", pubsub_pb2.GetTopicRequest(topic=gone)
        )
        topics = list(api.publisher.list_topic_subscriptions(topic=topic))
    assert (after, missing, topics) == (before, "NOT_FOUND", [name])


def test_message_ids_do_not_come_again_in_another_life():
    """A ledger that outlives the broker's state must not take new messages for old."""
    ids = []
    for _ in range(2):
        with broker_servers.ours() as address:
            api = Api(address)
            ids.append(int(api.publish(api.topic())))
    assert ids[0] < ids[1]
