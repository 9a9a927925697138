"""Signatures: over the raw bytes, within five minutes, and refused when malformed."""

import json
import time

import pytest

from tests.ingest.doors import BODY, KEYS, SECRETS, assert_refused, signed, source
from tests.ingest.served import event, ingest


@pytest.fixture(scope="module")
def hmac_client(shared_pubsub):
    secrets = f"erp:{SECRETS[0]},erp:{SECRETS[1]},wms:{SECRETS[2]}"
    with ingest(
        shared_pubsub.address, INGEST_AUTH="hmac", INGEST_HMAC_SECRETS=secrets
    ) as client:
        yield client


@pytest.mark.parametrize(
    ("key", "caller"), [(KEYS[0], "erp"), (KEYS[1], "erp"), (KEYS[2], "wms")]
)
def test_a_signature_names_its_caller(hmac_client, pubsub, key, caller):
    answer = hmac_client.post("/", content=BODY, headers=signed(key))

    assert answer.status_code == 200
    assert source(pubsub) == f"/ingest/{caller}"


def test_one_good_signature_among_several_is_enough(hmac_client):
    headers = signed(KEYS[0])
    wrong = signed(KEYS[1], b"other")["webhook-signature"]
    headers["webhook-signature"] = f"v1a,AAAA {wrong} {headers['webhook-signature']}"

    assert hmac_client.post("/", content=BODY, headers=headers).status_code == 200


@pytest.mark.parametrize("late", [-290, 290])
def test_a_clock_may_be_five_minutes_off(hmac_client, late):
    headers = signed(KEYS[0], at=str(int(time.time()) + late))

    assert hmac_client.post("/", content=BODY, headers=headers).status_code == 200


@pytest.mark.parametrize("late", [-310, 310])
def test_a_clock_may_not_be_further_off(hmac_client, pubsub, late):
    headers = signed(KEYS[0], at=str(int(time.time()) + late))

    answer = hmac_client.post("/", content=BODY, headers=headers)
    assert_refused(answer, pubsub, "Signature")


def test_the_signature_is_over_the_raw_bytes(hmac_client, pubsub):
    """The same JSON written otherwise is not what was signed; a BOM belongs to it."""
    headers = signed(KEYS[0])
    other = json.dumps(event(), indent=1).encode()
    assert_refused(
        hmac_client.post("/", content=other, headers=headers), pubsub, "Signature"
    )

    marked = b"\xef\xbb\xbf" + BODY
    answer = hmac_client.post("/", content=marked, headers=signed(KEYS[0], marked))
    assert answer.status_code == 200


def test_a_signed_body_that_is_no_event_is_a_400(hmac_client):
    answer = hmac_client.post("/", content=b"{}", headers=signed(KEYS[0], b"{}"))

    assert answer.status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"webhook-id": None}, id="no id"),
        pytest.param({"webhook-timestamp": None}, id="no timestamp"),
        pytest.param({"webhook-signature": None}, id="no signature"),
        pytest.param({"webhook-id": "msg_2"}, id="other id"),
        pytest.param({"webhook-id": b"\xff"}, id="id not ASCII"),
        pytest.param({"webhook-timestamp": "soon"}, id="timestamp is text"),
        pytest.param({"webhook-timestamp": "nan"}, id="timestamp is NaN"),
        pytest.param({"webhook-timestamp": "inf"}, id="timestamp is infinite"),
        pytest.param({"webhook-timestamp": "9" * 400}, id="timestamp is huge"),
        pytest.param({"webhook-timestamp": "-1"}, id="timestamp is negative"),
        pytest.param({"webhook-timestamp": b"\xb2"}, id="timestamp not ASCII"),
        pytest.param({"webhook-signature": ""}, id="empty signature"),
        pytest.param({"webhook-signature": "v1"}, id="no comma"),
        pytest.param({"webhook-signature": "v1,"}, id="nothing after the comma"),
        pytest.param({"webhook-signature": "v1,%%%"}, id="not base64"),
        pytest.param({"webhook-signature": "v1,a,b"}, id="two commas"),
        pytest.param({"webhook-signature": b"v1,\xff"}, id="signature not ASCII"),
        pytest.param({"webhook-signature": "v2,AAAA"}, id="other version"),
        pytest.param({"webhook-signature": " " * 100}, id="blanks"),
    ],
)
def test_a_malformed_signature_is_refused(hmac_client, pubsub, change):
    headers = {**signed(KEYS[0]), **change}
    headers = {name: value for name, value in headers.items() if value is not None}

    answer = hmac_client.post("/", content=BODY, headers=headers)
    assert_refused(answer, pubsub, "Signature")


def test_what_is_not_utf_8_cannot_be_signed(hmac_client, pubsub):
    body = b"\xff"

    answer = hmac_client.post("/", content=body, headers=signed(KEYS[0], body))
    assert_refused(answer, pubsub, "Signature")


def test_a_token_is_no_signature(hmac_client, pubsub):
    headers = {"authorization": f"Bearer {SECRETS[0]}"}

    assert_refused(
        hmac_client.post("/", json=event(), headers=headers), pubsub, "Signature"
    )
