"""Web pages reach neither function of the local stack; programs and commands do."""

import pytest
import requests

from tests.support.running import listening

EVENT = "be-observer.catalog_product_create"
FOREIGN = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Host": "evil.example"},
    {"Host": "evil.example", "Origin": "http://evil.example"},
    {"Host": "127.0.0.1.evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)


def value(sku: str) -> dict:
    return {"sku": sku, "name": "n", "price": 1, "description": "d"}


@pytest.mark.parametrize("name", ["ingest", "consumer", "commerce_events"])
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_web_page_reaches_no_function(stack, commerce, name, headers):
    # As a page without CORS sends it: a simple request, not preceded by OPTIONS.
    headers = {"Content-Type": "text/plain", **headers}
    bodies = {
        "ingest": {"data": {"uid": "x-1", "event": EVENT, "value": value("X-1")}},
        "consumer": {"type": EVENT, "data": value("X-1")},
        "commerce_events": {"eventid": "x-1"},
    }
    before = commerce.state()["counts"]

    response = requests.post(
        stack.stack[name], json=bodies[name], headers=headers, timeout=30
    )

    assert response.status_code == 403
    assert response.json()["error"].startswith("The local stack rejects requests of")
    assert commerce.state()["counts"] == before


@pytest.mark.parametrize("path", ["/", "", "/guessed"])
def test_the_consumer_requires_its_path(stack, path):
    address = stack.stack["consumer"].rpartition("/")[0] + path
    body = {"type": EVENT, "data": value("X-2")}

    response = requests.post(address, json=body, timeout=30)

    assert response.status_code == 403
    assert "stack.json" in response.json()["error"]


def test_a_program_posts_to_both(stack):
    assert stack.post(EVENT, value("OWN-1"), "own-1").status_code == 200
    stack.outcome("own-1")
    body = {"type": EVENT, "data": value("OWN-2")}
    response = requests.post(stack.stack["consumer"], json=body, timeout=30)
    assert response.status_code == 200


def test_ingest_answers_its_own_page(stack):
    ingest = stack.stack["ingest"]
    headers = {"Origin": ingest, "Sec-Fetch-Site": "same-origin"}

    assert requests.get(ingest, headers=headers, timeout=30).status_code == 200


def test_HOST_moves_nothing_off_this_machine(stack):
    """The stack runs with HOST=0.0.0.0, which would also listen at 127.0.0.2."""
    assert stack.environment["HOST"] == "0.0.0.0"  # noqa: S104
    for name in ("ingest", "console", "broker", "commerce", "consumer"):
        address = stack.stack[name].rpartition("//")[2]
        assert address.startswith("127.0.0.1:")
        assert listening(address)
        assert not listening(address.replace("127.0.0.1", "127.0.0.2")), name
