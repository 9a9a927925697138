"""Ingest says nothing of what it was sent, in log lines or answers: see leaks.py."""

import base64
import json
import time

import pytest
import requests

from functions.events import catalog
from tests import canaries
from tests.ingest.doors import signed as sign
from tests.ingest.pubsub import PubSub
from tests.ingest.served import exchange
from tests.running import free_port
from tests.serving import function, url
from tests.whole.leaks import (
    CANARY,
    HEADERS,
    PRODUCT,
    TOKEN,
    VALUES,
    body,
    clean,
    post,
    spoilt,
)

TOKEN_DOOR = {"INGEST_AUTH": "token", "INGEST_TOKENS": f"erp:{TOKEN}"}
KEY = bytes(range(32))
SIGNING = "whsec_" + base64.b64encode(KEY).decode()
# A body that ends before it should.
CUT = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{CANARY}".encode()


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
                        body(event, spoilt(value)),
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


def test_every_event_has_canaries():
    assert set(VALUES) == set(catalog.EVENTS)
    for event, value in VALUES.items():
        assert canaries.found(json.dumps(value)), event
