"""The handler kit: what integrators rely on in their own tests."""

import pytest
import requests

from functions.errors import Rejected, Unavailable
from functions.events import catalog
from tests.support.commerce_adapter import SAAS, TOKEN_DOCUMENT, reply
from tests.support.handler_kit import (
    FakeCommerce,
    FakeDelivery,
    delivery_with_unknown_outcome,
    handle,
    in_turn,
    rejection,
    sample,
)

ROUTE = "PUT customerGroups/19"


def update_group(response, **more):
    commerce = FakeCommerce({ROUTE: response, **more})
    event = "customer_group_update"
    return handle(event, sample(event), commerce), commerce


def test_three_lines_test_a_handler():
    commerce = FakeCommerce({"PUT customerGroups/19": {"id": 19}})
    handle("customer_group_update", sample("customer_group_update"), commerce)
    assert commerce.calls[-1][:2] == ("PUT", "customerGroups/19")


def test_urls_and_headers_are_really_built():
    _, commerce = update_group({"id": 19})

    [request] = commerce.requests
    assert request.url == "https://shop.example.com/rest/all/V1/customerGroups/19"
    assert request.headers["Authorization"].startswith("OAuth ")


def test_a_saas_store_asks_for_a_token_first():
    commerce = FakeCommerce({"POST ": TOKEN_DOCUMENT, ROUTE: {"id": 19}}, SAAS)
    handle("customer_group_update", sample("customer_group_update"), commerce)

    assert [call[0] for call in commerce.calls] == ["POST", "PUT"]


def test_commerce_can_answer_with_errors(subtests):
    for name, response, error in [
        ("rejection", rejection(400, "No %1", "code"), Rejected),
        ("reply", reply(502, b"<html>"), Unavailable),
        ("exception", requests.ReadTimeout(), Unavailable),
        ("function", lambda request: rejection(409, "No %1", 1), Rejected),
        ("in turn", in_turn(reply(503, {"message": "No"})), Unavailable),
    ]:
        with subtests.test(name):
            with pytest.raises(error):
                update_group(response)


def test_a_request_that_is_not_in_the_script_is_an_error():
    with pytest.raises(KeyError, match="DELETE customers/15"):
        handle("customer_delete", sample("customer_delete"), FakeCommerce({}))


def test_an_unknown_event_is_an_error():
    with pytest.raises(AssertionError, match="rocket_launch is not in the catalogue"):
        handle("rocket_launch", {}, FakeCommerce({}))


def test_every_event_has_a_valid_sample(subtests):
    for name in sorted(catalog.INBOUND_EVENTS):
        with subtests.test(name=name):
            value = sample(name.removeprefix("be-observer."))

            assert catalog.INBOUND_EVENTS[name].load(value) == value


def test_a_delivery_records_the_rows_that_were_applied():
    first, second = {"sku": "A"}, {"sku": "B"}
    delivery = FakeDelivery(applied_rows=[first])
    assert delivery.pending([first, second]) == [second]

    delivery.applied([second])

    assert delivery.pending([first, second]) == []
    assert delivery_with_unknown_outcome().outcome_unknown_since is not None
