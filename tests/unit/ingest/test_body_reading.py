"""Bodies are bounded, and are not read when they are compressed."""

import gzip
import json

import pytest

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
