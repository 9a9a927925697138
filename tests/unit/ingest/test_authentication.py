"""Callers without authentication, and the names of callers."""

import json

import pytest

from functions.ingest.ingest import source_of
from tests.support.ingest_app import event, ingest_client
from tests.support.ingest_authentication import WMS, source


@pytest.mark.parametrize("name", ["x" * 513, "é" * 171, "a b/c?d#é\0", ""])
def test_any_name_of_a_caller_fits_an_attribute(name):
    """A rule of one's own may return any name."""
    given = source_of(name)

    assert given.isascii()
    assert given.isprintable()
    assert len(given) <= 1024
    assert not set(given) & set(" ?#")
    assert given != source_of(name + "x")


def test_without_authentication_callers_are_anonymous(client, publisher):
    client.post("/", json=event(), headers={"authorization": f"Bearer {WMS}"})

    assert source(publisher) == "/ingest/anonymous"


def test_no_authentication_is_the_default_and_warns(publisher):
    entries: list[bytes] = []
    with ingest_client(publisher, write=entries.append):
        [entry] = map(json.loads, entries)

    assert (entry["severity"], entry["message"]) == (
        "WARNING",
        "INGEST_AUTH is none: callers are not authenticated; set token, hmac or oidc",
    )
