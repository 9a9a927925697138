"""The consumer's entry point under functions-framework: what only HTTP has."""

import pytest
import requests

from tests import serving
from tests.commerce.server import answer
from tests.consumer.parts import PRODUCT, VALUE, Shop, push


@pytest.fixture(scope="module")
def shop():
    with Shop() as running:
        yield running


@pytest.fixture(scope="module")
def url(shop):
    where = {"COMMERCE_BASE_URL": f"{shop.url}/rest/", **serving.OAUTH1}
    with serving.function("consumer", **where) as server:
        yield serving.url(server)


def test_anything_but_a_post_is_not_for_it(url):
    got = requests.get(url, timeout=30)

    assert (got.status_code, got.headers["Allow"]) == (405, "POST")
    assert got.json() == {"error": {"statusCode": 405, "body": {"error": "POST only"}}}


def test_the_wait_that_commerce_asks_for_stands_in_the_verdict(shop, url):
    shop.says = answer(429, {"message": "Too Many Requests"}, Retry_After="600")

    push_answer = requests.post(url, json=push(), timeout=30)
    # Nothing is sent until then, and the answer says how long that still is.
    direct = requests.post(url, json={"type": PRODUCT, "data": VALUE}, timeout=30)

    assert (push_answer.status_code, push_answer.headers["Retry-After"]) == (429, "600")
    assert direct.status_code == 503
    assert 0 < int(direct.headers["Retry-After"]) <= 600
    assert len(shop.received) == 1


def test_what_waits_for_nothing_has_no_such_header(url):
    unknown = {"type": "nobody.knows", "data": 0}

    got = requests.post(url, json=unknown, timeout=30)

    assert (got.status_code, "Retry-After" in got.headers) == (400, False)
