"""Only what Adobe signed for this client is published."""

import asyncio
import base64
import json
from functools import cache

import pytest

from functions.commerce_events.public_keys import (
    CACHE_SECONDS,
    KeyUnavailable,
    PublicKeys,
    parse_key,
)
from local.commerce.event_signature import signature_headers
from tests.support.adobe_deliveries import (
    CLIENT_ID,
    FakeKeyHost,
    deliver,
    delivery,
    receiver_client,
    signing_keys,
)

BODY = json.dumps(delivery()).encode()
SIGNATURE_1, PATH_1 = "x-adobe-digital-signature-1", "x-adobe-public-key1-path"
SIGNATURE_2, PATH_2 = "x-adobe-digital-signature-2", "x-adobe-public-key2-path"


@cache
def signed() -> dict[str, str]:
    """The headers of a valid delivery."""
    return signature_headers(BODY, signing_keys())


def post(client, body=BODY, **changes):
    """POST with the headers of a valid delivery, some of them changed or left out."""
    headers = {k: v for k, v in {**signed(), **changes}.items() if v is not None}
    return client.post("/", content=body, headers=headers)


def test_a_signed_event_is_published(client, publisher):
    response = deliver(client, delivery())

    assert response.status_code == 200
    assert response.json() == {
        "type": "com.adobe.commerce.observer.catalog_product_save_commit_after",
        "response": {"success": True, "message": "Event published successfully"},
    }
    [(topic, _)] = publisher.published
    assert topic == "commerce-outbound-product"


def test_either_signature_is_enough(client, publisher):
    changed = [
        {SIGNATURE_1: signed()[SIGNATURE_2]},
        {SIGNATURE_2: signed()[SIGNATURE_1]},
        {SIGNATURE_1: None},
        {SIGNATURE_2: "not base64!"},
        {PATH_1: None},
        {PATH_2: "/prod/keys/unknown.pem"},
        {PATH_1: "/prod/keys/pub-key-not-there.pem"},
    ]

    assert [each for each in changed if post(client, **each).status_code != 200] == []
    assert len(publisher.published) == len(changed)


def test_without_a_valid_signature_it_is_a_401(client, publisher):
    of_each_other = {
        SIGNATURE_1: signed()[SIGNATURE_2],
        SIGNATURE_2: signed()[SIGNATURE_1],
    }
    absent = "there is no x-adobe-digital-sig"
    for changes, reason in (
        ({SIGNATURE_1: None, SIGNATURE_2: None}, absent),
        ({SIGNATURE_1: "", SIGNATURE_2: ""}, absent),
        (of_each_other, "no signature matches the body"),
        ({SIGNATURE_1: "é", SIGNATURE_2: "A" * 4000}, "no signature comes with"),
        ({PATH_1: None, PATH_2: ""}, "no signature comes with"),
    ):
        encoded = {name: text and text.encode() for name, text in changes.items()}
        response = post(client, **encoded)

        assert response.status_code == 401, changes
        assert response.headers["www-authenticate"] == "Signature"
        assert response.json()["error"].startswith(f"Unauthorized: {reason}")
    assert publisher.published == []


def test_a_changed_body_is_a_401(client, publisher):
    assert post(client, BODY.replace(b"Lamp", b"Lump")).status_code == 401
    assert publisher.published == []


def test_a_path_cannot_change_the_host(publisher):
    paths = [
        ".evil.example/prod/keys/pub-key-1.pem",
        "@evil.example/prod/keys/pub-key-1.pem",
        ":80/prod/keys/pub-key-1.pem",
        "/prod/keys/../../x/pub-key-1.pem",
        "/prod/keys/pub-key-1.pem?x=1",
        "/prod/keys/pub-key-1.pem\t",
        "//evil.example/prod/keys/pub-key-1.pem",
        "/prod/keys/pub-key-" + "1" * 65 + ".pem",
    ]
    host = FakeKeyHost()
    with receiver_client(publisher, host) as client:
        statuses = {
            path: post(client, **{PATH_1: path, PATH_2: path}).status_code
            for path in paths
        }

    assert statuses == dict.fromkeys(paths, 401)
    assert host.fetched == []


@pytest.mark.parametrize(
    "recipient",
    [
        {"recipientclientid": "another"},
        {"recipientclientid": None},
        {"recipientclientid": [CLIENT_ID]},
        {"recipientclientid": None, "recipient_client_id": "another"},
    ],
    ids=str,
)
def test_an_event_for_another_client_is_a_401(client, publisher, recipient):
    """Anybody can register this address with Adobe, which then signs for them."""
    response = deliver(client, delivery(**recipient))

    assert response.status_code == 401
    assert response.json() == {
        "error": "Unauthorized: recipientclientid is not OAUTH_CLIENT_ID"
    }
    batch = [delivery(), delivery(**recipient)]
    assert deliver(client, batch).status_code == 401
    assert publisher.published == []


def test_a_delivery_without_our_client_id_fetches_no_key(publisher):
    """A flood of invented paths would otherwise use up the fetches, and alarm."""
    host, written = FakeKeyHost(), []
    with receiver_client(publisher, host, written.append) as client:
        for number in range(10):
            path = f"/prod/keys/pub-key-{number}.pem"
            body = json.dumps(delivery(recipientclientid="another")).encode()
            response = post(client, body, **{PATH_1: path, PATH_2: path})
            assert response.status_code == 401

    assert host.fetched == []
    assert not any(json.loads(entry).get("alarm") for entry in written)


def test_the_deprecated_name_of_the_recipient_is_accepted(client, publisher):
    event = delivery(recipientclientid=None, recipient_client_id=CLIENT_ID)

    assert deliver(client, event).status_code == 200


def test_a_base64_body_is_decoded_before_verification(client, publisher):
    response = post(client, base64.b64encode(BODY) + b"\n")

    assert response.status_code == 200
    assert json.loads(publisher.published[0][1].data)["sku"] == "Lamp 2"


def test_without_a_key_adobe_delivers_again(publisher):
    host = FakeKeyHost()
    host.failure = "ConnectionError"
    written = []
    with receiver_client(publisher, host, written.append) as client:
        response = post(client)
        entry = json.loads(written[-1])
        host.failure = None
        again = post(client)

    assert (response.status_code, again.status_code) == (503, 200)
    assert response.headers["retry-after"] == "60"
    assert entry["message"] == "Adobe's public key is unavailable: ConnectionError"
    assert (entry["alarm"], entry["outcome"]) == (True, "retry")


def test_a_key_is_fetched_once_a_day():
    host, now = FakeKeyHost(), [0.0]
    keys = PublicKeys("https://static.adobeioevents.com", host.fetch, lambda: now[0])

    async def fetch_often():
        path = signing_keys()[0].path
        await asyncio.gather(*(keys.key(path) for _ in range(50)))
        await keys.key(path)
        assert len(host.fetched) == 1
        now[0] += CACHE_SECONDS
        await keys.key(path)
        assert len(host.fetched) == 2

    asyncio.run(fetch_often())


def test_a_failed_fetch_is_not_cached():
    host = FakeKeyHost()
    keys = PublicKeys("https://static.adobeioevents.com", host.fetch)

    async def fail_then_fetch():
        host.failure = "the response was 503"
        path = signing_keys()[0].path
        results = await asyncio.gather(
            *(keys.key(path) for _ in range(5)), return_exceptions=True
        )
        assert {type(each) for each in results} == {KeyUnavailable}
        assert len(host.fetched) == 1
        host.failure = None
        assert await keys.key(path)

    asyncio.run(fail_then_fetch())


def test_a_request_that_ends_leaves_the_fetch_to_others():
    host = FakeKeyHost()
    keys = PublicKeys("https://static.adobeioevents.com", host.fetch)

    async def cancel_the_first():
        first = asyncio.ensure_future(keys.key(signing_keys()[0].path))
        second = asyncio.ensure_future(keys.key(signing_keys()[0].path))
        await asyncio.sleep(0)
        first.cancel()
        assert await second
        assert len(host.fetched) == 1

    asyncio.run(cancel_the_first())


def test_a_page_is_no_key():
    for pem in (b"", b"<html>", signing_keys()[0].pem[:-60]):
        with pytest.raises(KeyUnavailable):
            parse_key(pem)


def test_none_verifies_nothing(publisher):
    """For one machine; its log says so at the start."""
    written = []
    with receiver_client(
        publisher, write=written.append, COMMERCE_EVENTS_AUTH="none", OAUTH_CLIENT_ID=""
    ) as client:
        assert client.post("/", json=delivery()).status_code == 200

    assert "deliveries are not verified" in json.loads(written[0])["message"]
