"""Ordering keys: one message of a key at a time, others beside it."""

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
    mended = threading.Event()

    def answer(push) -> int:
        return 500 if _number(push) == "a1" and not mended.is_set() else 200

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
        mended.set()
        while _number(endpoint.pushes[-1]) != "a2" and time.monotonic() < deadline:
            time.sleep(0.02)
    assert _number(endpoint.pushes[-1]) == "a2"
    assert _number(endpoint.pushes[-2]) == "a1"


@only_ours("has several of a key under way")
def test_of_a_key_one_message_is_under_way_at_a_time(api):
    under_way: defaultdict[str, int] = defaultdict(int)
    most = []

    def answer(push) -> int:
        key = push["message"]["orderingKey"]
        under_way[key] += 1
        most.append(under_way[key])
        time.sleep(0.01)
        under_way[key] -= 1
        return 200

    with Endpoint(answer) as endpoint:
        topic = _pushed(api, endpoint)
        for number in range(60):
            api.publish(topic, key=f"k{number % 6}", n=str(number))
        endpoint.wait(60)
    assert set(most) == {1}


@only_ours("gives out several of a key")
def test_a_pulled_key_gives_the_next_message_when_the_first_is_acknowledged(api):
    topic = api.topic()
    subscription = api.subscription(topic, enable_message_ordering=True)
    for data in (b"1", b"2", b"3"):
        api.publish(topic, data, key="k")
    seen = []
    for _ in range(3):
        [received] = api.pull(subscription)
        seen.append(received.message.data)
        api.acknowledge(subscription, received)
    assert seen == [b"1", b"2", b"3"]


@only_ours("goes on with the key after one is given back")
def test_a_pulled_message_given_back_comes_before_later_ones_of_its_key(api):
    topic = api.topic()
    subscription = api.subscription(topic, enable_message_ordering=True)
    api.publish(topic, b"1", key="k")
    [first] = api.pull(subscription)
    api.publish(topic, b"2", key="k")
    api.deadline(subscription, 0, first)
    seen = []
    while len(seen) < 2:
        for received in api.pull(subscription):
            seen.append(received.message.data)
            api.acknowledge(subscription, received)
    assert seen == [b"1", b"2"]


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
        for number in range(24):
            api.publish(topic, key=f"k{number % 4}", n=str(number))
        endpoint.wait(24 + 8 * 2)
    assert handled == {f"k{k}": list(range(k, 24, 4)) for k in range(4)}
