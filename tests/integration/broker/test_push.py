"""Pushing: the envelope, acknowledgement by status, backoff, pause and resume."""

import base64
import contextlib
import functools
import itertools
import json
import time

from local.broker import pubsub_pb2
from tests.support.broker_api import Api, duration, only_ours
from tests.support.broker_endpoint import Endpoint

QUICK = {"minimum_backoff": duration(0.05), "maximum_backoff": duration(0.05)}


def _pushed(api: Api, endpoint: Endpoint, **config) -> tuple[str, str]:
    """A topic and its subscription that pushes to *endpoint*."""
    topic = api.topic()
    config = {"retry_policy": QUICK, **config}
    push = {"push_endpoint": endpoint.url}
    return topic, api.subscription(topic, push_config=push, **config)


def test_a_push_carries_message_and_subscription(api):
    with Endpoint() as endpoint:
        topic, subscription = _pushed(api, endpoint)
        number = api.publish(topic, b"\x00data", one="1")
        [push] = endpoint.wait(1)
    at = push["message"].pop("publishTime")
    assert push["message"].pop("publish_time") == at
    assert push == {
        "message": {
            "attributes": {"one": "1"},
            "data": base64.b64encode(b"\x00data").decode(),
            "messageId": number,
            "message_id": number,
        },
        "subscription": subscription,
    }
    assert at.startswith("20")
    assert at.endswith("Z")


@only_ours("leaves out both")
def test_a_push_carries_ordering_key_and_attempt(api):
    with Endpoint(lambda push: 500 if push["deliveryAttempt"] < 3 else 200) as endpoint:
        policy = {"dead_letter_topic": api.topic(), "max_delivery_attempts": 5}
        topic, _ = _pushed(api, endpoint, dead_letter_policy=policy)
        api.publish(topic, b"x", key="k")
        pushes = endpoint.wait(3)
    assert [push["deliveryAttempt"] for push in pushes] == [1, 2, 3]
    assert [push["message"]["orderingKey"] for push in pushes] == ["k"] * 3


def test_a_push_always_has_attributes_and_data(api):
    with Endpoint() as endpoint:
        topic, _ = _pushed(api, endpoint)
        api.publish(topic, b"", a="b")
        endpoint.wait(1)
        api.publish(topic, b"x")
        first, second = endpoint.wait(2)
    fields = [
        (p["message"]["attributes"], p["message"]["data"]) for p in (first, second)
    ]
    assert fields == [({"a": "b"}, ""), ({}, "eA==")]


def test_a_push_is_json_to_the_whole_of_the_url(api):
    with Endpoint() as endpoint:
        topic, _ = _pushed(api, endpoint)
        api.publish(topic)
        endpoint.wait(1)
    [headers] = endpoint.headers
    assert headers["Content-Type"].startswith("application/json")
    assert headers[":path"] == "/push?a=b"


@only_ours("sends no Authorization")
def test_a_push_with_a_token_carries_its_claims_unsigned(api):
    with Endpoint() as endpoint:
        topic = api.topic()
        token = {"service_account_email": "push@p.test", "audience": "us"}
        push = {"push_endpoint": endpoint.url, "oidc_token": token}
        api.subscription(topic, push_config=push)
        api.publish(topic)
        endpoint.wait(1)
    kind, _, token = endpoint.headers[0]["Authorization"].partition(" ")
    header, claims, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert (kind, signature) == ("Bearer", "")
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {
        "alg": "none",
        "typ": "JWT",
    }
    assert claims.pop("exp") - claims.pop("iat") == 3600
    assert claims == {
        "aud": "us",
        "azp": "push@p.test",
        "email": "push@p.test",
        "email_verified": True,
        "iss": "https://accounts.google.com",
        "sub": "push@p.test",
    }


def _counts(api: Api, statuses: list[int], seconds: float) -> dict[int, int]:
    """How often each message came that was answered with that status twice."""
    with contextlib.ExitStack() as stack:
        endpoints = {}
        for status in statuses:
            answers = itertools.chain([status] * 2, itertools.repeat(200))
            answer = functools.partial(lambda answers, push: next(answers), answers)
            endpoints[status] = stack.enter_context(Endpoint(answer))
            topic, _ = _pushed(api, endpoints[status], ack_deadline_seconds=10)
            api.publish(topic)
        time.sleep(seconds)
        return {status: len(endpoint.pushes) for status, endpoint in endpoints.items()}


def test_four_statuses_acknowledge_and_every_other_is_a_nack(fast):
    """Google's emulator redelivers after a 202 and acknowledges a 203."""
    acknowledging = [200, 201, 202, 204]
    others = [203, 205, 206, 301, 302, 304, 400, 401, 404, 408, 429, 500, 503]
    # The deadline, half a second here, is over by then.
    assert _counts(fast, acknowledging + others, 0.9) == {
        **dict.fromkeys(acknowledging, 1),
        **dict.fromkeys(others, 3),
    }


def test_a_nacked_push_is_redelivered_until_acknowledged(api):
    statuses = itertools.chain([500], itertools.repeat(200))
    with Endpoint(lambda push: next(statuses)) as endpoint:
        topic, _ = _pushed(api, endpoint)
        number = api.publish(topic)
        endpoint.wait(2)
    assert endpoint.ids() == [number] * 2


def test_a_push_past_its_deadline_is_redelivered(fast):
    def answer(push) -> int:
        if len(endpoint.pushes) == 1:
            time.sleep(1.0)  # the deadline passes in half a second
        return 204

    with Endpoint(answer) as endpoint:
        topic, _ = _pushed(fast, endpoint, ack_deadline_seconds=10)
        fast.publish(topic)
        assert len(endpoint.wait(2)) == 2
    assert 0.4 < endpoint.times[1] - endpoint.times[0] < 1.0


def test_pushing_begins_when_the_endpoint_does(api):
    with Endpoint() as endpoint:
        url = endpoint.url
    topic = api.topic()
    api.subscription(topic, push_config={"push_endpoint": url}, retry_policy=QUICK)
    api.publish(topic)
    time.sleep(0.3)
    with Endpoint(port=int(url.split(":")[2].split("/")[0])) as endpoint:
        assert len(endpoint.wait(1)) == 1


@only_ours("waits without regard to the policy")
def test_backoff_doubles_up_to_its_bound(api):
    policy = {"minimum_backoff": duration(0.1), "maximum_backoff": duration(0.3)}
    with Endpoint(lambda push: 503) as endpoint:
        topic, subscription = _pushed(api, endpoint, retry_policy=policy)
        api.publish(topic)
        endpoint.wait(5)
        api.subscriber.delete_subscription(subscription=subscription)
    times = endpoint.times[:5]
    waits = [after - before for before, after in itertools.pairwise(times)]
    expected = [0.1, 0.2, 0.3, 0.3]
    assert all(0 <= w - e < 0.15 for w, e in zip(waits, expected, strict=True)), waits


def test_a_failing_message_does_not_delay_others(api):
    def answer(push) -> int:
        return 500 if push["message"]["attributes"]["n"] == "0" else 200

    with Endpoint(answer) as endpoint:
        policy = {"minimum_backoff": duration(600), "maximum_backoff": duration(600)}
        topic, _ = _pushed(api, endpoint, retry_policy=policy)
        ids = [api.publish(topic, n=str(n)) for n in range(10)]
        endpoint.wait(10)
    assert sorted(endpoint.ids()) == sorted(ids)


def test_a_pause_holds_messages_back_and_resuming_sends_them(api):
    with Endpoint() as endpoint:
        topic, subscription = _pushed(api, endpoint)
        pause = pubsub_pb2.ModifyPushConfigRequest(
            subscription=subscription, push_config={}
        )
        api.call("Subscriber/ModifyPushConfig", pause)
        ids = [api.publish(topic) for _ in range(3)]
        assert endpoint.wait(1, seconds=0.4) == []

        push = {"push_endpoint": endpoint.url}
        resume = pubsub_pb2.ModifyPushConfigRequest(
            subscription=subscription, push_config=push
        )
        api.call("Subscriber/ModifyPushConfig", resume)
        endpoint.wait(3)
    assert sorted(endpoint.ids()) == sorted(ids)


def test_what_is_pushed_can_be_pulled_once_push_is_off(api):
    with Endpoint(lambda push: 500) as endpoint:
        topic, subscription = _pushed(api, endpoint)
        number = api.publish(topic)
        endpoint.wait(1)
        pause = pubsub_pb2.ModifyPushConfigRequest(
            subscription=subscription, push_config={}
        )
        api.call("Subscriber/ModifyPushConfig", pause)
        [received] = api.pull(subscription)
    assert received.message.message_id == number


@only_ours("sends as many as there are")
def test_pushing_starts_slowly_and_widens_with_success(api):
    """The first push is alone; then each success lets one more be outstanding."""
    outstanding, counts = set(), []

    def answer(push) -> int:
        number = push["message"]["messageId"]
        outstanding.add(number)
        counts.append(len(outstanding))
        time.sleep(0.05)
        outstanding.discard(number)
        return 200

    with Endpoint(answer) as endpoint:
        topic, _ = _pushed(api, endpoint)
        for _ in range(40):
            api.publish(topic)
        endpoint.wait(40)
    assert counts[0] == 1
    assert max(counts[:3]) <= 3
    assert 5 < max(counts) <= 32


@only_ours("goes on sending")
def test_an_endpoint_that_is_down_gets_few_pushes(api):
    """Many waiting messages: once several have failed, few more are pushed."""
    with Endpoint(lambda push: 503) as endpoint:
        topic, subscription = _pushed(api, endpoint)
        messages = [{"data": b"x"}] * 200
        request = pubsub_pb2.PublishRequest(topic=topic, messages=messages)
        api.call("Publisher/Publish", request, pubsub_pb2.PublishResponse)
        time.sleep(0.6)
        api.subscriber.delete_subscription(subscription=subscription)
    assert 3 <= len(endpoint.pushes) <= 15
