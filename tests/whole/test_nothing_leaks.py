"""No payload, no secret, no stack trace: whatever happens to whichever event.

Both functions run as the platform runs them, at LOG_LEVEL=DEBUG, and are led down
every path with values that are recognised wherever they turn up; then everything that
the processes wrote, to stdout or stderr, is searched, and every answer.
A uid is a label by design, and no canary.
"""

import base64
import json
import re
import time

import pytest
import requests

from functions.events import catalog
from tests import canaries
from tests.commerce.server import answer
from tests.consumer.parts import Shop
from tests.ingest.pubsub import PubSub
from tests.ingest.served import exchange
from tests.ingest.test_doors import signed as sign
from tests.running import free_port
from tests.serving import OAUTH1, function, url

TOKEN = "ingest-token-0123456789"
SECRETS = (TOKEN, *OAUTH1.values(), "client-secret-0123456789", "ims-token-0123456789")
TOKEN_DOOR = {"INGEST_AUTH": "token", "INGEST_TOKENS": f"erp:{TOKEN}"}
KEY = bytes(range(32))
SIGNING = "whsec_" + base64.b64encode(KEY).decode()
# What of ours must be in no output: traces of Python's and Commerce's, signatures.
TRACES = ("Traceback", 'File "', "STACK", "oauth_signature", "Authorization")
CANARY = canaries.WORD
VALUES = canaries.values()
PRODUCT = "be-observer.catalog_product_create"
# A body that ends before it should.
CUT = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{CANARY}".encode()


def clean(said: bytes | str) -> None:
    """Nothing recognisable stands in *said*."""
    assert canaries.found(said, *SECRETS, *TRACES) == []


def body(event: str, value, uid="u-1", **more) -> dict:
    return {"data": {"uid": uid, "event": event, "value": value, **more}}


def post(address: str, content, **headers: str) -> requests.Response:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return requests.post(address, raw, headers=headers, timeout=30)


HEADERS = {
    "Authorization": f"Bearer {TOKEN}",
    "Cookie": f"session={CANARY}",
    "Referer": f"https://{CANARY}.example/",
    "Traceparent": f"00-{CANARY}",
    "User-Agent": CANARY,
    "X-Forwarded-For": CANARY,
    f"X-{CANARY}": CANARY,
}


@pytest.fixture(params=["false", "true"])
def execution_id(request):
    """LOG_EXECUTION_ID, with which the framework goes its own way with logs."""
    return request.param


class TestIngest:
    """Every answer that ingest has."""

    def ingest(self, pubsub: PubSub, source=None, **more):
        return function(
            "ingest",
            source,
            PUBSUB_EMULATOR_HOST=pubsub.address,
            PUBLISH_TIMEOUT_SECONDS="1",
            LOG_LEVEL="DEBUG",
            MAX_BODY_BYTES="5000",
            **{**TOKEN_DOOR, "LEDGER": "memory", **more},
        )

    def test_on_every_way_through(self, execution_id):
        statuses, told = [], []
        with PubSub() as pubsub:
            started = self.ingest(pubsub, LOG_EXECUTION_ID=execution_id)
            with started as server:

                def ask(content, **headers):
                    to = f"{url(server)}/{CANARY}?{CANARY}={CANARY}"
                    got = post(to, content, **{**HEADERS, **headers})
                    statuses.append(got.status_code)
                    # The name of an event nobody knows is told to who sent it.
                    text = got.text.replace(f"publish event {CANARY}", "")
                    told.append(text + str(got.headers))

                for event, value in VALUES.items():
                    ask(body(event, value))
                    for wrong in (
                        body(event, CANARY),
                        body(event, value, entity=CANARY),
                        body(event, value, uid=[CANARY]),
                        body(event, _spoilt(value)),
                        body(CANARY, value),
                    ):
                        ask(wrong)
                    door = {"Authorization": f"Bearer {CANARY}"}
                    ask({**body(event, value), "token": CANARY}, **door)
                for unreadable in (
                    json.dumps(body(PRODUCT, VALUES[PRODUCT])).encode()[:-1],
                    f'{{"{CANARY}": {CANARY}}}'.encode(),
                    CANARY.encode() + b"\xff",
                    json.dumps([CANARY]).encode(),
                    b"",
                ):
                    ask(unreadable)
                ask(CANARY.encode() * 2000)
                self._asked_otherwise(server, statuses, told)
                pubsub.stop()
                ask(body(PRODUCT, VALUES[PRODUCT]))
                said = server.stop()

        assert set(statuses) == {200, 400, 401, 404, 405, 413, 503}
        assert statuses.count(200) == len(VALUES)
        assert said.count(b'"event published"') == len(VALUES)
        clean(said)
        for text in told:
            clean(text)

    def _asked_otherwise(self, server, statuses, told) -> None:
        """By other methods, for a status, and cut off half way."""
        for method, path in (
            ("GET", f"/events/{CANARY}?token={TOKEN}"),
            ("GET", f"/events/{CANARY}"),
            ("DELETE", f"/{CANARY}?token={TOKEN}"),
            ("GET", f"/{CANARY}"),
        ):
            got = requests.request(method, url(server) + path, timeout=30)
            statuses.append(got.status_code)
            told.append(got.text + str(got.headers))
        exchange(*server.address, CUT, seconds=0.2)
        told.append(exchange(*server.address, f"{CANARY}\r\n\r\n".encode()).decode())

    @pytest.mark.parametrize("door", ["hmac", "oidc"])
    def test_at_the_other_doors(self, door, tmp_path):
        """With signatures and ID tokens that are wrong, and a ledger that is away."""
        (tmp_path / "file").touch()
        more = {
            "INGEST_HMAC_SECRETS": f"erp:{SIGNING}",
            "INGEST_OIDC_AUDIENCE": "https://ingest.example",
            "INGEST_OIDC_EMAILS": "erp@example.com",
            "HTTPS_PROXY": f"http://127.0.0.1:{free_port()}",
            "LEDGER": f"sqlite:{tmp_path}/file/ledger",
        }
        names = ("webhook-id", "webhook-signature", "X-API-Key")
        offered = {**HEADERS, **dict.fromkeys(names, f"v1,{CANARY}")}
        offered["webhook-timestamp"] = str(int(time.time()))
        # Read as far as its key's name, for which Google would have to be asked.
        parts = ({"alg": "RS256", "kid": CANARY}, {"email": CANARY})
        told = [base64.urlsafe_b64encode(json.dumps(p).encode()) for p in parts]
        token = b".".join([*told, b"AAAA"]).replace(b"=", b"").decode()
        with PubSub() as pubsub:
            given = {"INGEST_AUTH": door, **more}
            with self.ingest(pubsub, **given) as server:
                answers = [
                    post(url(server), content, **{**offered, **headers})
                    for content in (body(PRODUCT, VALUES[PRODUCT]), CANARY.encode())
                    for headers in ({}, {"Authorization": f"Bearer {token}"})
                ]
                signed = sign(KEY, b"")
                to = f"{url(server)}/events/{CANARY}"
                answers.append(requests.get(to, headers=signed, timeout=30))
                said = server.stop()

        statuses = {got.status_code for got in answers}
        assert statuses == {401, 503}
        assert pubsub.requests == []
        clean(said)
        assert SIGNING.encode() not in said
        for got in answers:
            clean(got.text + str(got.headers))

    def test_in_a_crash(self, execution_id):
        with PubSub() as pubsub:
            started = self.ingest(
                pubsub, "tests/whole/broken_ingest.py", LOG_EXECUTION_ID=execution_id
            )
            with started as server:
                got = post(url(server), body(PRODUCT, VALUES[PRODUCT]), **HEADERS)
                said = server.stop()

        assert (got.status_code, b"RuntimeError in Broken.publish" in said) == (
            500,
            True,
        )
        clean(said)
        clean(got.text + str(got.headers))


def _spoilt(value):
    """*value* with a fault in every field."""
    if isinstance(value, list):
        return [_spoilt(item) for item in value]
    if isinstance(value, dict):
        return {key: _spoilt(item) for key, item in value.items()}
    return [canaries.NUMBER, CANARY]


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
    "refused": lambda request: answer(400, ECHO),
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
        assert outcomes == {"handled", "repeated", "refused", "retry"}
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
                    {"type": PRODUCT, "data": _spoilt(VALUES[PRODUCT])},
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
                ask(pushed(PRODUCT, _spoilt(VALUES[PRODUCT]), "away"))
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
    yield pushed(PRODUCT, _spoilt(VALUES[PRODUCT]), f"m{next(number)}")
    yield pushed(CANARY, VALUES[PRODUCT], f"m{next(number)}")


def test_every_event_has_canaries():
    assert set(VALUES) == set(catalog.EVENTS)
    for event, value in VALUES.items():
        assert canaries.found(json.dumps(value)), event
