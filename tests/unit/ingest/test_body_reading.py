"""Bodies are bounded, and are not read when they are compressed."""

import asyncio
import gzip
import json

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from functions.web import body as body_module
from functions.web.body import read_body
from tests.support.ingest_app import event


def test_a_body_that_is_too_long_is_rejected(client, publisher):
    response = client.post("/", content=b" " * 100_001)

    assert response.status_code == 413
    assert response.json() == {"error": "The body is longer than 100000 bytes"}
    assert publisher.published == []


def test_a_body_at_the_limit_is_read(client):
    body = (
        b'{"data":{"uid":"1","event":"be-observer.customer_delete","value":{"id":1}}}'
    )

    assert client.post("/", content=body.ljust(100_000)).status_code == 200


def test_a_body_without_a_length_is_bounded_too(client, publisher):
    response = client.post("/", content=iter([b" " * 60_000, b" " * 60_000]))

    assert response.status_code == 413
    assert publisher.published == []


@pytest.mark.parametrize(
    "encoding", ["gzip", "deflate", "br", "GZIP", "zstd", "gzip, identity"]
)
def test_a_compressed_body_is_a_415(client, publisher, encoding):
    body = gzip.compress(json.dumps(event()).encode())
    response = client.post("/", content=body, headers={"content-encoding": encoding})

    assert response.status_code == 415
    assert response.headers["accept-encoding"] == "identity"
    assert response.json() == {
        "error": "Compressed bodies are not accepted; send it uncompressed"
    }
    assert publisher.published == []


def test_a_compressed_body_is_not_read(client):
    """Neither its length nor its content matters."""
    headers = {"content-encoding": "gzip"}

    assert client.post("/", content=b" " * 100_001, headers=headers).status_code == 415


@pytest.mark.parametrize("encoding", ["identity", "Identity", ""])
def test_an_uncompressed_body_may_say_so(client, encoding):
    headers = {"content-encoding": encoding}

    assert client.post("/", json=event(), headers=headers).status_code == 200


class Cycle:
    """A request as uvicorn keeps it."""

    def __init__(self, more_body: bool) -> None:
        self.more_body = more_body

    async def receive(self) -> dict:
        return {"type": "http.request", "body": b"{}", "more_body": False}


async def _read(receive) -> bytes:
    return await read_body(receive, {}, 100, 5)


def test_a_body_that_has_arrived_needs_no_timer(monkeypatch):
    class TimerStarted(Exception):
        pass

    def timeout(seconds):
        raise TimerStarted

    monkeypatch.setattr(body_module.asyncio, "timeout", timeout)

    assert asyncio.run(_read(Cycle(more_body=False).receive)) == b"{}"
    for unknown in (Cycle(more_body=True).receive, Cycle(False).receive.__func__):
        with pytest.raises(TimerStarted):
            asyncio.run(_read(unknown))


def test_uvicorn_says_whether_a_body_has_arrived():
    """Otherwise every request starts a timer."""
    assert "more_body" in RequestResponseCycle.__init__.__code__.co_names
    assert "more_body" in RequestResponseCycle.receive.__code__.co_names
