"""With Adobe's OpenAPI at hand, every request and every answer is held against it."""

import json
from functools import cache

import pytest

from functions.commerce.errors import Unavailable
from functions.commerce.routes import search
from functions.events.catalog import EVENTS
from local.commerce.contract import NOT_DEMANDED, Contract
from tests import adobe, machine
from tests.handlers.shops import Unsure, handle, sample
from tests.local.commerce.opened import Opened
from tests.local.commerce.refusals import REFUSALS
from tests.local.commerce.test_operations import ANSWERS

pytestmark = pytest.mark.adobe

SAAS = {"saas": True}
# What the document has no place for, or demands where Commerce asks for it in words.
NOT_AS_DEFINED = "Against Adobe's OpenAPI: "


@cache
def document(version: str) -> dict:
    path = machine.reference() / "commerce-rest" / f"{version}.json"
    return json.loads(path.read_text())


@pytest.fixture(scope="module", params=adobe.VERSIONS)
def judged(request):
    with Opened(openapi=document(request.param)) as opened:
        opened.way = SAAS if request.param == "saas" else None
        yield opened


@pytest.fixture
def commerce(judged):
    judged.reset()
    return judged


@pytest.mark.parametrize(
    ("method", "path", "body", "_"),
    ANSWERS,
    ids=[f"{method} {path.partition('?')[0]}" for method, path, *_ in ANSWERS],
)
def test_each_answer_is_as_adobe_defines_it(commerce, method, path, body, _):
    said = commerce.ask(method, path, body)

    assert (said.status, commerce.stand_in.violations) == (200, [])


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message", "parameters"), REFUSALS
)
def test_each_refusal_is_as_adobe_defines_it(
    commerce, method, path, body, status, message, parameters
):
    said = commerce.ask(method, path, body)

    # Some of these requests Adobe's document does not have either; its word comes
    # first then, and no answer of the stand-in is ever at fault.
    assert [v for v in commerce.stand_in.violations if v.startswith("answer")] == []
    if said.status == 500:
        assert said.document["message"].startswith(NOT_AS_DEFINED)
    else:
        assert (said.status, said.document["message"]) == (status, message)


@pytest.mark.parametrize("settings", [{}, {"COMMERCE_SHIPMENT_NOTIFY": "true"}])
@pytest.mark.parametrize("work", [None, Unsure()], ids=["first", "repeat"])
@pytest.mark.parametrize("event", sorted(EVENTS))
def test_each_handler_asks_and_is_answered_as_adobe_defines_it(
    commerce, event, work, settings
):
    name = event.removeprefix("be-observer.")

    handle(name, EVENTS[event].load(_sample(name)), _shop(commerce, settings), work)

    assert commerce.stand_in.violations == []


def _sample(name: str):
    found = sample(name) if name != "catalog_stock_update" else None
    return found or [{"sku": "A", "source": "default", "quantity": 1.5,
                      "outOfStock": True}]  # fmt: skip


def _shop(commerce, settings):
    return commerce.shop(commerce.way, **settings)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("products", search(("sku", "a b", "eq"), page_size=1, only="items[sku]")),
        ("shipments", search(("order_id", 8, "eq"), newest_by="entity_id")),
        ("customers/search", search(("email", "a", "eq"), ("group_id", 1, "eq"))),
        ("orders/8", {"fields": "status"}),
    ],
)
def test_a_look_up_is_as_adobe_defines_it(commerce, path, query):
    _shop(commerce, {}).get(path, query)

    assert commerce.stand_in.violations == []


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        pytest.param(
            "POST",
            "order/8/ship",
            {"items": [], "extension_attributes": {"source_code": "default"}},
            "'extension_attributes' was unexpected",
            id="source at the top",
        ),
        pytest.param(
            "POST", "products", {"sku": "a"}, "'sku' was unexpected", id="no product"
        ),
        pytest.param(
            "PUT",
            "customerGroups/2",
            {"group": {"code": 7, "tax_class_id": 3}},
            "7 is not of type 'string'",
            id="type",
        ),
        pytest.param(
            "GET", "products?filter=a", None, "filter is not known", id="query"
        ),
    ],
)
def test_a_request_that_is_not_is_answered_500_and_kept(
    commerce, method, path, body, said
):
    answer = commerce.ask(method, path, body)

    assert answer.status == 500
    [kept] = commerce.control("GET", "violations")["violations"]
    assert said in kept
    assert answer.document == {"message": f"{NOT_AS_DEFINED}{kept}"}
    assert commerce.effects() == []


def test_a_client_takes_it_for_a_fault_and_not_for_a_refusal(commerce):
    with pytest.raises(Unavailable, match="Against Adobe's OpenAPI"):
        _shop(commerce, {}).post("products", {"sku": "a"})


@pytest.mark.parametrize("version", adobe.VERSIONS)
@pytest.mark.parametrize(
    ("method", "route", "status", "wrong"),
    [
        ("POST", "products", 200, {"sku": 7}),
        ("POST", "order/{orderId}/ship", 200, {"id": 1}),
        ("POST", "orders/{id}/comments", 200, "yes"),
        ("GET", "shipment/{id}", 200, {"strange": 1}),
        ("GET", "orders", 200, {"items": [], "total_count": 0}),
        ("DELETE", "customers/{id}", 404, {"parameters": []}),
        ("GET", "nowhere", 200, {}),
    ],
)
def test_an_answer_that_is_not_would_be_found(version, method, route, status, wrong):
    contract = Contract(document(version))

    assert contract.answer_faults(method, route, status, wrong) != []


@pytest.mark.parametrize(("name", "field", "reason"), NOT_DEMANDED)
def test_each_exception_is_needed_and_has_a_reason(name, field, reason):
    demanding = [
        version
        for version in adobe.VERSIONS
        if field in document(version)["definitions"].get(name, {}).get("required", [])
    ]

    assert demanding
    assert reason
