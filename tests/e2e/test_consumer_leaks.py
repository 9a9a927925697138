"""The consumer says nothing of what it was sent, in log lines or answers: leaks.py."""

import base64
import json
import re

import pytest
import requests

from tests import canaries
from tests.commerce.server import answer
from tests.consumer.parts import Shop
from tests.ingest.pubsub import PubSub
from tests.ingest.served import exchange
from tests.serving import OAUTH1, function, url
from tests.whole.leaks import (
    CANARY,
    HEADERS,
    PRODUCT,
    SECRETS,
    VALUES,
    clean,
    post,
    spoilt,
)


def pushed(event: str, value, message_id: str, **more) -> dict:
    """A push whose every attribute that is no label is recognisable."""
    attributes = {
        "ce-specversion": "1.0",
        "ce-id": "u-1",
        "ce-type": event,
        "ce-source": f"/ingest/{CANARY}",
        "ce-time": "2026-01-01T00:00:00.000000Z",
        "traceparent": CANARY,
        CANARY: CANARY,
    }
    return {
        "message": {
            "data": base64.b64encode(json.dumps(value).encode()).decode(),
            "attributes": attributes,
            "messageId": message_id,
            "publishTime": "2026-01-01T00:00:00.001Z",
            "orderingKey": f"product:{CANARY}",
            **more,
        },
        "subscription": f"projects/p/subscriptions/{CANARY}",
        "deliveryAttempt": 1,
    }


ECHO = {
    "message": "The value %1 is odd",
    "parameters": [CANARY, canaries.NUMBER],
    "trace": f"STACK {CANARY}",
}
# Told by design: Commerce's own sentence, and the name of an event nobody knows.
ECHOED = re.compile(
    f"The value {CANARY} is odd|Deadlock found: {CANARY}|not supported: {CANARY}"
)
SAID = {
    "handled": lambda request: answer(200, {"id": 1, "status": "x", "items": []}),
    "rejected": lambda request: answer(400, ECHO),
    "not there": lambda request: answer(404, ECHO),
    "unauthorized": lambda request: answer(401, ECHO),
    "retry": lambda request: answer(500, ECHO),
    "deadlock": lambda request: answer(400, {**ECHO, "message": "Deadlock found: %1"}),
    "later": lambda request: answer(503, ECHO, Retry_After="0"),
    "page": lambda request: answer(200, f"<html>{CANARY} STACK".encode()),
    "redirect": lambda request: answer(302, b"", Location="https://a.example/canary"),
    "dropped": lambda request: None,
}


class TestConsumer:
    """Every verdict that the consumer has."""

    def consumer(self, shop: Shop, pubsub: PubSub, source=None, **more):
        given = {
            **OAUTH1,
            "COMMERCE_BASE_URL": f"{shop.url}/rest/",
            "COMMERCE_TIMEOUT_SECONDS": "5",
            "PUBSUB_EMULATOR_HOST": pubsub.address,
            "LOG_LEVEL": "DEBUG",
            "THREADS": "4",
        }
        return function("consumer", source, **{**given, **more})

    def test_on_every_way_through(self, execution_id):
        said, told, statuses, outcomes = self._led_through(execution_id)

        assert statuses == {200, 400, 401, 404, 405, 500, 503}
        assert outcomes == {"handled", "duplicate", "rejected", "retry"}
        clean(said)
        for text in told:
            clean(text)

    def _led_through(self, execution_id):
        told, statuses = [], set()
        with Shop() as shop, PubSub() as pubsub:
            started = self.consumer(shop, pubsub, LOG_EXECUTION_ID=execution_id)
            with started as server:
                number = iter(range(10**6))

                def ask(content):
                    got = post(f"{url(server)}/{CANARY}?{CANARY}", content, **HEADERS)
                    statuses.add(got.status_code)
                    told.append(ECHOED.sub("", got.text) + str(got.headers))

                for name, says in SAID.items():
                    shop.says = says
                    for event, value in VALUES.items():
                        push = pushed(event, value, f"m{next(number)}")
                        for _ in range(2):
                            ask(push)
                        ask({"type": event, "data": value})
                    assert shop.received, name
                for wrong in _undecodable(number):
                    ask(wrong)
                for wrong in (
                    {"type": "", "data": CANARY},
                    {"type": CANARY, "data": CANARY},
                    {"type": PRODUCT, "data": spoilt(VALUES[PRODUCT])},
                    {"type": [CANARY], "data": {CANARY: CANARY}},
                    CANARY.encode() + b"\xff",
                ):
                    ask(wrong)
                got = requests.delete(f"{url(server)}/{CANARY}", timeout=30)
                statuses.add(got.status_code)
                cut = (
                    f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{CANARY}"
                )
                exchange(*server.address, cut.encode(), seconds=0.2)
                pubsub.stop()
                ask(pushed(PRODUCT, spoilt(VALUES[PRODUCT]), "away"))
                said = server.stop()
        lines = [json.loads(x) for x in said.splitlines() if x.startswith(b"{")]
        return said, told, statuses, {x["outcome"] for x in lines if "outcome" in x}

    def test_in_a_crash(self, execution_id):
        with Shop() as shop, PubSub() as pubsub:
            started = self.consumer(
                shop,
                pubsub,
                "tests/whole/broken_consumer.py",
                LOG_EXECUTION_ID=execution_id,
            )
            with started as server:
                told = [
                    post(url(server), content, **HEADERS)
                    for event, value in VALUES.items()
                    for content in (
                        pushed(event, value, f"m-{event}"),
                        {"type": event, "data": value},
                    )
                ]
                said = server.stop()

        assert {got.status_code for got in told} == {500}
        assert said.count(b"RuntimeError in Broken.exchange") == len(told)
        clean(said)
        for got in told:
            clean(got.text + str(got.headers))

    def test_without_its_ledger(self, tmp_path):
        (tmp_path / "file").touch()
        with Shop() as shop, PubSub() as pubsub:
            away = f"sqlite:{tmp_path}/file/ledger"
            with self.consumer(shop, pubsub, LEDGER=away) as server:
                told = [
                    post(url(server), pushed(event, value, f"m-{event}"))
                    for event, value in VALUES.items()
                ]
                said = server.stop()

        assert {got.status_code for got in told} == {503}
        assert said.count(b"LedgerUnavailable in") == len(told)
        clean(said)
        for got in told:
            clean(got.text + str(got.headers))

    @pytest.mark.parametrize("status", [200, 401, 500])
    def test_when_signing_in_at_ims(self, status):
        """IMS answers with our secret, with a token, or with neither."""
        secret, token = SECRETS[-2:]

        def says(request):
            if "token" in request.target:
                return answer(status, {"access_token": token, "error": secret})
            return answer(401, {"message": f"{token} {CANARY}", "trace": "STACK"})

        with Shop() as shop, PubSub() as pubsub:
            shop.says = says
            started = self.consumer(
                shop,
                pubsub,
                OAUTH_CLIENT_ID="client-0123456789",
                OAUTH_CLIENT_SECRET=secret,
                OAUTH_ORG_ID="org@AdobeOrg",
                OAUTH_BASE_URL=f"{shop.url}/ims/token/",
                **dict.fromkeys(OAUTH1, ""),
            )
            with started as server:
                got = post(url(server), pushed(PRODUCT, VALUES[PRODUCT], "m1"))
                said = server.stop()

        assert got.status_code in (401, 503)
        assert any("token" in request.target for request in shop.received)
        clean(said)


def _undecodable(number):
    """Pushes that hold no event that could be handled."""
    good = pushed(PRODUCT, VALUES[PRODUCT], "x")
    for changed in (
        {"data": "***canary"},
        {"data": base64.b64encode(f'{{"{CANARY}'.encode()).decode()},
        {"data": [CANARY]},
        {"attributes": {"ce-type": [CANARY], CANARY: {CANARY: 1}}},
        {"attributes": {"ce-type": PRODUCT, "ce-time": CANARY}},
        {"attributes": CANARY},
        {"messageId": None},
    ):
        message = {**good["message"], "messageId": f"m{next(number)}", **changed}
        yield {**good, "message": message}
    yield {**good, "message": CANARY}
    yield {**good, "message": [CANARY], "deliveryAttempt": CANARY}
    yield pushed(PRODUCT, spoilt(VALUES[PRODUCT]), f"m{next(number)}")
    yield pushed(CANARY, VALUES[PRODUCT], f"m{next(number)}")
