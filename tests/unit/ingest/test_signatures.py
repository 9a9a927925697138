"""Signatures: over the raw bytes, within five minutes; others are unauthorized."""

import json
import time

import pytest

from tests.support.ingest_app import event, ingest_client
from tests.support.ingest_authentication import (
    BODY,
    KEYS,
    SECRETS,
    assert_unauthorized,
    signed,
    source,
)


@pytest.fixture(scope="module")
def hmac_client(shared_publisher):
    secrets = f"erp:{SECRETS[0]},erp:{SECRETS[1]},wms:{SECRETS[2]}"
    with ingest_client(
        shared_publisher, INGEST_AUTH="hmac", INGEST_HMAC_SECRETS=secrets
    ) as client:
        yield client


@pytest.mark.parametrize(
    ("key", "caller"), [(KEYS[0], "erp"), (KEYS[1], "erp"), (KEYS[2], "wms")]
)
def test_a_signature_names_its_caller(hmac_client, publisher, key, caller):
    response = hmac_client.post("/", content=BODY, headers=signed(key))

    assert response.status_code == 200
    assert source(publisher) == f"/ingest/{caller}"


def test_one_good_signature_among_several_is_enough(hmac_client):
    headers = signed(KEYS[0])
    wrong = signed(KEYS[1], b"other")["webhook-signature"]
    headers["webhook-signature"] = f"v1a,AAAA {wrong} {headers['webhook-signature']}"

    assert hmac_client.post("/", content=BODY, headers=headers).status_code == 200


def test_malformed_signatures_beside_a_right_one_do_not_matter(subtests, hmac_client):
    for signatures in [
        "garbage {}",
        "{} garbage",
        "v1 v1, v1,%%% v1,a,b {} v2,AAAA",
        "   {}",
        "v1,AAAA      {}   ",
        "\t{}",
        "garbage\t{}",
    ]:
        with subtests.test(signatures=signatures):
            headers = signed(KEYS[0])
            headers["webhook-signature"] = signatures.format(
                headers["webhook-signature"]
            )

            assert (
                hmac_client.post("/", content=BODY, headers=headers).status_code == 200
            )


@pytest.mark.parametrize(
    "body",
    [json.dumps(event(uid="é"), ensure_ascii=False).encode("latin-1"), b"\xff", b"\0"],
)
def test_a_signed_body_that_is_not_utf_8_is_a_400(hmac_client, publisher, body):
    """The signature covers bytes, so it is right whatever they mean."""
    response = hmac_client.post("/", content=body, headers=signed(KEYS[0], body))

    assert response.status_code == 400
    assert response.json()["error"].startswith("The body is not ")
    assert publisher.published == []


def test_the_id_of_a_signed_request_goes_along(hmac_client, publisher):
    headers = signed(KEYS[0], uid="msg_2KWPBgLlAfxdpx2AI54pPJ85f4W")

    assert hmac_client.post("/", content=BODY, headers=headers).status_code == 200
    [(_, message)] = publisher.published
    assert message.attributes["webhook-id"] == "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"


def test_the_id_goes_along_only_where_it_is_signed(client, publisher):
    headers = {"webhook-id": "msg_1"}

    assert client.post("/", content=BODY, headers=headers).status_code == 200
    [(_, message)] = publisher.published
    assert "webhook-id" not in message.attributes


@pytest.mark.parametrize(
    ("uid", "status"),
    [("u" * 256, 200), ("u" * 257, 401), ("a b", 401), ("!~", 200), ("é", 401)],
    ids=lambda uid: str(uid)[:3],
)
def test_an_id_is_bounded_and_printable(hmac_client, uid, status):
    headers = {n: v.encode() for n, v in signed(KEYS[0], uid=uid).items()}

    response = hmac_client.post("/", content=BODY, headers=headers)
    assert response.status_code == status


@pytest.mark.parametrize("offset", [-290, 290])
def test_a_clock_may_be_five_minutes_off(hmac_client, offset):
    headers = signed(KEYS[0], at=str(int(time.time()) + offset))

    assert hmac_client.post("/", content=BODY, headers=headers).status_code == 200


@pytest.mark.parametrize("offset", [-310, 310])
def test_a_clock_may_not_be_more_than_five_minutes_off(hmac_client, publisher, offset):
    headers = signed(KEYS[0], at=str(int(time.time()) + offset))

    response = hmac_client.post("/", content=BODY, headers=headers)
    assert_unauthorized(response, publisher, "Signature")


def test_the_signature_covers_the_raw_bytes(hmac_client, publisher):
    """The same JSON written otherwise is not what was signed; a BOM belongs to it."""
    headers = signed(KEYS[0])
    other = json.dumps(event(), indent=1).encode()
    assert_unauthorized(
        hmac_client.post("/", content=other, headers=headers), publisher, "Signature"
    )

    marked = b"\xef\xbb\xbf" + BODY
    response = hmac_client.post("/", content=marked, headers=signed(KEYS[0], marked))
    assert response.status_code == 200


def test_a_signed_body_without_an_event_is_a_400(hmac_client):
    response = hmac_client.post("/", content=b"{}", headers=signed(KEYS[0], b"{}"))

    assert response.status_code == 400


def test_a_malformed_signature_is_unauthorized(subtests, hmac_client, publisher):
    for name, change in [
        ("no id", {"webhook-id": None}),
        ("no timestamp", {"webhook-timestamp": None}),
        ("no signature", {"webhook-signature": None}),
        ("other id", {"webhook-id": "msg_2"}),
        ("id not ASCII", {"webhook-id": b"\xff"}),
        ("timestamp is text", {"webhook-timestamp": "soon"}),
        ("timestamp is NaN", {"webhook-timestamp": "nan"}),
        ("timestamp is infinite", {"webhook-timestamp": "inf"}),
        ("timestamp is huge", {"webhook-timestamp": "9" * 400}),
        ("timestamp is negative", {"webhook-timestamp": "-1"}),
        ("timestamp not ASCII", {"webhook-timestamp": b"\xb2"}),
        ("empty signature", {"webhook-signature": ""}),
        ("no comma", {"webhook-signature": "v1"}),
        ("nothing after the comma", {"webhook-signature": "v1,"}),
        ("not base64", {"webhook-signature": "v1,%%%"}),
        ("two commas", {"webhook-signature": "v1,a,b"}),
        ("signature not ASCII", {"webhook-signature": b"v1,\xff"}),
        ("other version", {"webhook-signature": "v2,AAAA"}),
        ("blanks", {"webhook-signature": " " * 100}),
    ]:
        with subtests.test(name):
            headers = {**signed(KEYS[0]), **change}
            headers = {
                name: value for name, value in headers.items() if value is not None
            }

            response = hmac_client.post("/", content=BODY, headers=headers)
            assert_unauthorized(response, publisher, "Signature")


def test_a_token_is_not_a_signature(hmac_client, publisher):
    headers = {"authorization": f"Bearer {SECRETS[0]}"}

    assert_unauthorized(
        hmac_client.post("/", json=event(), headers=headers), publisher, "Signature"
    )
