"""A request that offers an upgrade is served as HTTP/1.1 (Kludex/uvicorn#2722)."""

import json

import pytest

from tests.support.ingest_app import event
from tests.support.ingest_server import send_raw

BODY = json.dumps(event()).encode()
LENGTH = f"Content-Length: {len(BODY)}"
H2C = ("Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA")
OFFERS = ("Connection: Upgrade, HTTP2-Settings", *H2C)


def request(*headers: str, body: bytes = BODY, method: str = "POST") -> bytes:
    lines = [f"{method} / HTTP/1.1", "Host: ingest", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunked(body: bytes) -> bytes:
    middle = len(body) // 2
    chunks = (body[:middle], body[middle:], b"")
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)


LAST = request("Connection: close", LENGTH)  # so that the connection ends


def statuses(received: bytes) -> list[int]:
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize(
    "offer",
    [
        pytest.param(request(LENGTH, *OFFERS), id="h2c"),
        pytest.param(
            request("Transfer-Encoding: chunked", *OFFERS, body=chunked(BODY)),
            id="chunks",
        ),
        pytest.param(
            request("connection: keep-alive, upgrade,http2-settings", *H2C, LENGTH),
            id="kept alive",
        ),
        pytest.param(
            request("Connection: Upgrade", "Connection: HTTP2-Settings", *H2C, LENGTH),
            id="two Connection headers",
        ),
        pytest.param(
            request("Connection: Upgrade", "Upgrade: websocket", LENGTH), id="websocket"
        ),
        pytest.param(
            request("Connection: Upgrade", "Upgrade: TLS/1.3, h2c", LENGTH), id="other"
        ),
    ],
)
def test_a_request_that_offers_an_upgrade_is_served(server, pubsub, offer):
    """Its connection goes on, too."""
    assert statuses(send_raw(*server, offer + LAST)) == [200, 200]
    assert len(pubsub.published) == 2


def test_a_request_in_pieces_may_offer_an_upgrade(server, pubsub):
    offer = request(LENGTH, *OFFERS)
    pieces = [offer[at : at + 7] for at in range(0, len(offer), 7)]

    assert statuses(send_raw(*server, *pieces, LAST)) == [200, 200]
    assert len(pubsub.published) == 2


def test_each_pipelined_request_may_offer_an_upgrade(server, pubsub):
    received = send_raw(*server, request(LENGTH, *OFFERS) * 20 + LAST)

    assert statuses(received) == [200] * 21
    assert len(pubsub.published) == 21


def test_headers_of_such_a_request_are_kept(server, pubsub):
    """Content-Encoding is one whose effect is seen."""
    offer = request(LENGTH, *OFFERS, "Content-Encoding: gzip")

    assert statuses(send_raw(*server, offer + LAST)) == [415, 200]


def test_such_a_request_may_close_the_connection(server, pubsub):
    offer = request(LENGTH, "Connection: close, Upgrade", "Upgrade: h2c")

    assert statuses(send_raw(*server, offer)) == [200]


def test_an_offer_without_a_body_is_served(server):
    page = request(*OFFERS, method="GET", body=b"")

    assert statuses(send_raw(*server, page + LAST)) == [200, 200]


@pytest.mark.parametrize(
    "raw",
    [
        request("Transfer-Encoding: chunked", *OFFERS, body=b"nonsense\r\n"),
        request("Content-Length: x", *OFFERS),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
)
def test_malformed_requests_are_a_400(server, pubsub, raw):
    assert statuses(send_raw(*server, raw))[-1] == 400
    assert pubsub.published == []


def test_connect_ends_like_any_other_method(server):
    raw = request("Connection: close", *OFFERS, method="CONNECT", body=b"")
    raw = raw.replace(b"CONNECT /", b"CONNECT ingest:80")

    assert b"200 OK" not in send_raw(*server, raw, seconds=2)
