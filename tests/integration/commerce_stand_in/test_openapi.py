"""Requests and responses, validated against Adobe's OpenAPI."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.commerce.client import CommerceConnection
from functions.commerce.settings import CommerceSettings
from functions.events import catalog, samples
from functions.handlers import dispatch
from functions.settings import from_environment
from tests.support import adobe_definitions, adobe_kit_events, machine
from tests.support.running_stand_in import RunningStandIn
from tests.support.stand_in_cases import ERRORS, SUCCESSES

pytestmark = pytest.mark.adobe

PREFIX = "Against Adobe's OpenAPI: "


@pytest.fixture(scope="module", params=adobe_definitions.VERSIONS)
def validating(request):
    path = machine.reference() / "commerce-rest" / f"{request.param}.json"
    with RunningStandIn(openapi=json.loads(path.read_text())) as stand_in:
        stand_in.saas = request.param == "saas"
        yield stand_in


@pytest.fixture
def commerce(validating):
    validating.reset()
    return validating


def test_successes_conform(commerce):
    for case in SUCCESSES:
        commerce.reset()
        response = commerce.call(case.method, case.path, case.body)

        assert (response.status, commerce.stand_in.violations) == (200, []), case


def test_errors_conform(commerce):
    for case in ERRORS:
        response = commerce.call(case.method, case.path, case.body)

        # Some of these requests violate Adobe's document, too.
        if response.status == 500:
            assert response.document["message"].startswith(PREFIX)
        else:
            assert response == (case.status, case.expected)
    violations = commerce.stand_in.violations
    assert [text for text in violations if text.startswith("response")] == []


class Delivery:
    """The ``DeliveryContext`` of a handler, without a ledger."""

    outdated_rows = 0

    def __init__(self, outcome_unknown_since: datetime | None) -> None:
        self.outcome_unknown_since = outcome_unknown_since

    def before_call(self, timeout_seconds: float) -> None:
        """There is time for every call."""

    def pending(self, rows: list[dict]) -> list[dict]:
        return rows

    def applied(self, rows: Iterable[dict]) -> None:
        """Nothing is recorded."""

    def created(self, document: Any) -> None:
        """Nothing is recorded."""


def test_handlers_send_what_adobe_defines(commerce, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    environment = commerce.environment(saas=commerce.saas)
    environment["COMMERCE_SHIPMENT_NOTIFY"] = "true"
    settings = from_environment(CommerceSettings, environment)
    session = CommerceConnection(settings).session()
    # After an unknown outcome a handler reconciles.
    earlier = datetime.now(UTC) - timedelta(minutes=1)
    assert adobe_kit_events.EVENTS

    for event in adobe_kit_events.EVENTS:
        for outcome_unknown_since in (None, earlier):
            commerce.reset()
            handler = dispatch(catalog.find(event))
            handler(samples.value(event), session, Delivery(outcome_unknown_since))

            case = event, outcome_unknown_since
            assert commerce.stand_in.violations == [], case
            assert commerce.calls(), case


@pytest.mark.parametrize(
    ("method", "path", "body", "text"),
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
def test_a_violation_gets_500_and_is_kept(commerce, method, path, body, text):
    response = commerce.call(method, path, body)

    assert response.status == 500
    [violation] = commerce.control("GET", "violations")["violations"]
    assert text in violation
    assert response.document == {"message": f"{PREFIX}{violation}"}
    assert commerce.effects() == []
