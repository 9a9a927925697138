"""The console's pages over a journal alone, without a running stack."""

import asyncio
import re
import sqlite3

import pytest
import requests

from cli.deployment import Deployment
from functions.pubsub.endpoint import Endpoint
from local.console.console import Console
from local.console.event_pages import PAGE_ROWS
from local.console.operations import Operations
from local.journal import Journal

EVENT = "be-observer.catalog_product_create"


class IdleBroker:
    """A broker that delivers everything and holds nothing."""

    @staticmethod
    def is_pushed(subscription: str) -> bool:
        return True

    @staticmethod
    def stats() -> dict:
        return {}


@pytest.fixture
def journal():
    db = sqlite3.connect(":memory:", isolation_level=None)
    yield Journal(db)
    db.close()


@pytest.fixture
def read(journal):
    """A function that reads a page of a console."""
    stack = {"ingest": "http://127.0.0.1:8080", "commerce": "http://localhost:9"}
    deployment = Deployment("p", "commerce-", Endpoint("x", True), None, stack, None)

    async def read_page(path: str) -> str:
        console = Console(journal, IdleBroker(), None, Operations(deployment))
        url = f"http://{await console.start('127.0.0.1', 0)}{path}"
        try:
            response = await asyncio.to_thread(requests.get, url, timeout=10)
        finally:
            await console.stop()
        assert response.status_code == 200, response.text
        return response.text

    return read_page


async def test_a_401_has_its_reason_and_body_for_the_operator(journal, read):
    reason = "webhook-timestamp is 900 s behind ingest's clock"
    labels = {"outcome": "rejected", "status": 401, "request": "r1"}
    journal.observe("published", reason=reason, **labels)
    body = {"body": '{"data": {"uid": "forged-1"}}', "body_bytes": 29}
    response = {"error": "Unauthorized"}
    ids = {"component": "request", "message_id": "r1", "status": 401}
    ids["hint"] = "INGEST_TOKENS has secrets of: erp."
    journal.observe("request", response=response, **body, **ids)

    page = await read("/event?key=%231")

    assert re.search(
        r"The caller is not authenticated: .*webhook-timestamp is 900 s behind", page
    )
    assert "forged-1" in page
    assert "INGEST_TOKENS has secrets of: erp." in page
    assert "Ingest's response: Unauthorized" in page
    assert "The caller's response does not say why." in page


async def test_a_rejection_whose_body_is_unknown_has_a_page(journal, read):
    journal.observe("published", outcome="rejected", status=400)

    page = await read("/event?key=%231")

    assert "Its body is not recorded." in page
    assert "Copy as curl" not in page


async def test_pages_of_events_lead_to_each_other(journal, read):
    count = 2 * PAGE_ROWS + 5
    for number in range(count):
        ids = {"uid": f"u{number}", "message_id": f"m{number}", "event": EVENT}
        journal.observe("published", component="broker", topic="t", **ids)

    first = await read("/")
    assert f"1–{PAGE_ROWS} of {count} events, page 1 of 3" in first
    assert "Newer" not in first
    path, below = re.findall('href="([^"]+)" rel="next"', first)
    assert path == below
    second = await read(path)
    assert f"{PAGE_ROWS + 1}–{2 * PAGE_ROWS} of {count} events" in second
    last = await read("/?page=3&search=u&notice=x")
    assert f"{2 * PAGE_ROWS + 1}–{count} of {count} events, page 3 of 3" in last
    assert 'href="/?search=u&amp;page=2" rel="prev"' in last
    assert "Older" not in last
    assert 'id="row-u0"' in last
    assert "No events match" in await read("/?page=99&search=nothing")


async def test_times_have_a_date_a_zone_and_their_age(journal, read):
    journal.observe("published", at=1_800_000_000.5, uid="u", component="broker")

    page = await read("/")

    assert re.search(r"Time \(UTC([+-]\d\d:\d\d)?\)", page)
    assert re.search(
        r'<time datetime="2027-01-1\dT\d\d:\d\d:00\.500[+-]\d\d:\d\d"'
        r' title="\d+ (s|min|h|d) ago">2027-01-1\d \d\d:\d\d:00</time>',
        page,
    )
