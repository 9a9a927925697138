"""Ordering keys: in order for pulls, one message at a time for pushes."""

import threading
import time
from collections import defaultdict

from tests.support.broker_api import Api, duration, only_ours
from tests.support.broker_endpoint import Endpoint

QUICK = {"minimum_backoff": duration(0.05), "maximum_backoff": duration(0.1)}


def _pushed(api: Api, endpoint: Endpoint, **config) -> str:
    """A topic whose ordered subscription pushes to *endpoint*."""
    topic = api.topic()
    config = {"retry_policy": QUICK, "enable_message_ordering": True, **config}
    api.subscription(topic, push_config={"push_endpoint": endpoint.url}, **config)
    return topic


def _number(push: dict) -> str:
    return push["message"]["attributes"]["n"]


def test_messages_of_a_key_come_in_the_order_they_were_published(api):
    with Endpoint() as endpoint:
        topic = _pushed(api, endpoint)
        for number in range(30):
            api.publish(topic, key=f"k{number % 3}", n=str(number))
        endpoint.wait(30)
    by_key = defaultdict(list)
    for push in endpoint.pushes:
        number = int(_number(push))
        by_key[number % 3].append(number)
    assert by_key == {k: list(range(k, 30, 3)) for k in range(3)}


@only_ours("sends later messages of the key meanwhile")
def test_a_failing_message_holds_back_its_key_and_no_other(api):
    fixed = threading.Event()

    def answer(push) -> int:
        return 500 if _number(push) == "a1" and not fixed.is_set() else 200

    with Endpoint(answer) as endpoint:
        topic = _pushed(api, endpoint)
        for number in ("a0", "a1", "a2", "b0", "b1", "b2"):
            api.publish(topic, key=number[0], n=number)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            seen = {_number(push) for push in endpoint.pushes}
            if "b2" in seen and [_number(p) for p in endpoint.pushes].count("a1") > 2:
                break
            time.sleep(0.02)
        assert seen == {"a0", "a1", "b0", "b1", "b2"}
        fixed.set()
        while _number(endpoint.pushes[-1]) != "a2" and time.monotonic() < deadline:
            time.sleep(0.02)
    assert _number(endpoint.pushes[-1]) == "a2"
    assert _number(endpoint.pushes[-2]) == "a1"


@only_ours("has several of a key outstanding")
def test_of_a_key_one_message_is_outstanding_at_a_time(api):
    outstanding: defaultdict[str, int] = defaultdict(int)
    counts = []

    def answer(push) -> int:
        key = push["message"]["orderingKey"]
        outstanding[key] += 1
        counts.append(outstanding[key])
        time.sleep(0.01)
        outstanding[key] -= 1
        return 200

    with Endpoint(answer) as endpoint:
        topic = _pushed(api, endpoint)
        for number in range(60):
            api.publish(topic, key=f"k{number % 6}", n=str(number))
        endpoint.wait(60)
    assert set(counts) == {1}


def _pulled(api: Api, *data: bytes, **config) -> str:
    """An ordered subscription that holds messages of one key."""
    topic = api.topic()
    subscription = api.subscription(topic, enable_message_ordering=True, **config)
    for each in data:
        api.publish(topic, each, key="k")
    return subscription


def _data(received: list) -> list[bytes]:
    return [each.message.data for each in received]


def test_a_pull_gets_several_messages_of_a_key_in_order(api):
    subscription = _pulled(api, b"1", b"2", b"3")
    received = []
    while len(received) < 3:
        received += api.pull(subscription)
        if len(received) < 3:  # the emulator may still be storing the rest
            api.acknowledge(subscription, *received)
    assert _data(received) == [b"1", b"2", b"3"]


@only_ours("starts with what it has stored by then")
def test_a_pull_gets_as_much_of_a_key_as_it_asks_for(api):
    subscription = _pulled(api, *(b"%d" % n for n in range(20)))
    assert len(api.pull(subscription, 15)) == 15


def test_a_key_is_held_back_until_a_pull_is_acknowledged(api):
    """Another pull may be of another client, which must not overtake this one."""
    subscription = _pulled(api, b"1", b"2", b"3")
    [first] = api.pull(subscription, 1)
    held_back = api.pull(subscription, wait=False)
    api.acknowledge(subscription, first)
    [second] = api.pull(subscription, 1)
    assert (held_back, second.message.data) == ([], b"2")


@only_ours("delivers the later ones first")
def test_a_nack_redelivers_the_message_and_all_later_ones(api):
    """Acknowledged ones included, as in Pub/Sub."""
    subscription = _pulled(api, b"1", b"2", b"3", b"4")
    first, second, third = api.pull(subscription, 3)
    api.acknowledge(subscription, first, third)
    api.deadline(subscription, 0, second)
    redelivered = api.pull(subscription)
    api.acknowledge(subscription, *redelivered)
    assert _data(redelivered) == [b"2", b"3", b"4"]
    assert api.pull(subscription, wait=False) == []


def test_an_expired_lease_redelivers_all_later_ones(fast):
    subscription = _pulled(fast, b"1", b"2", b"3", ack_deadline_seconds=10)
    first, second, third = fast.pull(subscription, 3)
    fast.deadline(subscription, 600, first, third)
    fast.acknowledge(subscription, first)
    assert _data(fast.pull(subscription)) == [b"2", b"3"]


@only_ours("takes it")
def test_an_old_ack_of_a_key_does_not_count(api):
    subscription = _pulled(api, b"1", b"2")
    first, second = api.pull(subscription, 2)
    api.deadline(subscription, 0, first)
    api.acknowledge(subscription, second)
    assert _data(api.pull(subscription)) == [b"1", b"2"]


def test_only_the_nacked_message_of_a_key_counts_an_attempt(ours):
    policy = {"dead_letter_topic": ours.topic(), "max_delivery_attempts": 5}
    subscription = _pulled(ours, b"1", b"2", dead_letter_policy=policy)
    first, _ = ours.pull(subscription)
    ours.deadline(subscription, 0, first)
    attempts = [each.delivery_attempt for each in ours.pull(subscription)]
    assert attempts == [2, 1]


def test_a_dead_lettered_message_does_not_hold_back_its_key(ours):
    policy = {"dead_letter_topic": ours.topic(), "max_delivery_attempts": 5}
    subscription = _pulled(ours, b"1", b"2", b"3", dead_letter_policy=policy)
    for _ in range(5):
        first, second = ours.pull(subscription, 2)
        ours.deadline(subscription, 0, first)
    ours.acknowledge(subscription, second)
    assert _data(ours.pull(subscription)) == [b"3"]


@only_ours("goes on with the key after a nack")
def test_a_nacked_message_comes_before_later_ones_of_its_key(api):
    topic = api.topic()
    subscription = api.subscription(topic, enable_message_ordering=True)
    api.publish(topic, b"1", key="k")
    [first] = api.pull(subscription)
    api.publish(topic, b"2", key="k")
    api.deadline(subscription, 0, first)
    assert _data(api.pull(subscription)) == [b"1", b"2"]


def test_messages_without_a_key_do_not_wait_for_each_other(api):
    topic = api.topic()
    subscription = api.subscription(topic, enable_message_ordering=True)
    for data in (b"1", b"2"):
        api.publish(topic, data)
    seen = set()
    while len(seen) < 2:
        seen |= {received.message.data for received in api.pull(subscription)}
    assert seen == {b"1", b"2"}


def test_keys_mean_nothing_to_a_subscription_without_ordering(api):
    topic = api.topic()
    subscription = api.subscription(topic)
    for data in (b"1", b"2"):
        api.publish(topic, data, key="k")
    seen = set()
    while len(seen) < 2:
        seen |= {received.message.data for received in api.pull(subscription)}
    assert seen == {b"1", b"2"}


@only_ours("sends later messages of the key meanwhile")
def test_an_order_survives_failures(api):
    """Every third message fails twice first; what is handled is in order."""
    left: defaultdict[str, int] = defaultdict(lambda: 2)
    handled: defaultdict[str, list[int]] = defaultdict(list)
    lock = threading.Lock()

    def answer(push) -> int:
        number = _number(push)
        with lock:
            if int(number) % 3 == 0 and left[number]:
                left[number] -= 1
                return 503
            handled[push["message"]["orderingKey"]].append(int(number))
            return 200

    with Endpoint(answer) as endpoint:
        topic = _pushed(api, endpoint)
        for number in range(12):
            api.publish(topic, key=f"k{number % 2}", n=str(number))
        endpoint.wait(12 + 4 * 2)
    assert handled == {f"k{k}": list(range(k, 12, 2)) for k in range(2)}
