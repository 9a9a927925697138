"""The control interface: state, journal, switches; for this machine alone."""

import pytest

from local.commerce import Switches
from tests.support.running_stand_in import RunningStandIn
from tests.support.stand_in_cases import stock

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_a_page_of_another_site_gets_403(commerce, headers):
    response = commerce.send("POST", "/_control/reset", headers)

    assert response == (403, {"error": "Request from another site"})


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("switches", {"max_items": "20"}, "max_items must be int"),
        ("switches", {"no_such": True}, "unknown switch no_such"),
        (
            "switches",
            {"price_required": False, "comment_status": "any"},
            "comment_status must be one of state, current",
        ),
        ("switches", [1], "The body must be a JSON object"),
        ("faults", {"status": 99}, "invalid status"),
        ("ims", {"lifetime_seconds": 0}, "lifetime_seconds must be a whole number"),
    ],
)
def test_an_invalid_request_gets_400_and_the_reason(commerce, name, body, message):
    response = commerce.control_response("POST", name, body)

    assert response.status_code == 400
    assert response.json()["error"].startswith(message)
    assert commerce.control("GET", "switches") == {"switches": vars(Switches())}
    assert commerce.control("GET", "faults") == {"faults": []}


def test_a_query_that_is_not_a_number_gets_400(commerce):
    assert commerce.control_response("GET", "effects", limit="x").status_code == 400


def test_a_reset_restores_the_switches(commerce):
    commerce.switch(comment_status="current", max_items=7)
    changed = commerce.control("GET", "switches")["switches"]
    commerce.reset()

    assert changed == vars(Switches(comment_status="current", max_items=7))
    assert commerce.control("GET", "switches")["switches"] == vars(Switches())


def test_behaviours_have_a_sentence_and_their_setting(commerce):
    commerce.switch(comment_status="current")
    behaviours = commerce.control("GET", "behaviours")["behaviours"]

    assert all(each["sentence"] for each in behaviours)
    settings = {each["name"]: each["setting"] for each in behaviours}
    assert (settings["comment_status"], settings["upsert"]) == ("current", None)
    assert set(vars(Switches())) <= set(settings)


def test_state_and_effects_show_a_change(commerce):
    commerce.call("POST", "inventory/source-items", stock(source_code="second"))
    commerce.call("DELETE", "customers/3")

    first, second = commerce.effects()
    assert (first["operation"], first["resource"]) == ("stock.set", "LAMP-1@second")
    assert first["details"] == {"quantity": 4, "status": 1}
    assert first["body"] == stock(source_code="second")
    assert (second["operation"], second["resource"]) == ("customer.deleted", "3")
    state = commerce.state()
    assert state["stock"][0] == stock(source_code="second")["sourceItems"][0]
    assert 3 not in [customer["id"] for customer in state["customers"]]
    after = commerce.control("GET", "effects", after=first["id"])
    assert after == {"effects": [second], "last": second["id"]}


def test_state_shows_customer_groups(commerce):
    assert commerce.state()["customer_groups"][-1] == {
        "id": 0,
        "code": "NOT LOGGED IN",
        "tax_class_id": 3,
        "tax_class_name": "Retail Customer",
    }


@pytest.mark.parametrize("traceparent", [TRACEPARENT, "not-a-traceparent", None])
def test_a_call_keeps_its_traceparent_as_sent(commerce, traceparent):
    def change_headers(headers):
        if traceparent:
            headers["traceparent"] = traceparent

    commerce.call("DELETE", "customers/3", change_headers=change_headers)

    [call] = commerce.calls()
    [effect] = commerce.effects()
    assert (call["traceparent"], effect["call"]) == (traceparent, call["id"])


def test_each_request_for_sample_ids_gets_its_own_order(commerce):
    orders = [commerce.control("GET", "sample-ids")["order"] for _ in range(10)]

    assert len(set(orders)) == 10


def test_sample_ids_of_what_was_created(commerce):
    query = {"email": "Customer-3@example.com", "group": "General", "order": 8}
    ids = commerce.control("GET", "sample-ids", **query)

    assert (ids["customer"], ids["group"], ids["item"]) == (3, 1, 8)
    assert ids["shipment"]["entity_id"] == 33


def test_each_call_is_observed_with_its_traceparent():
    observed = []

    def observe(stage, **labels):
        observed.append((stage, labels))

    def change_headers(headers):
        headers["traceparent"] = TRACEPARENT

    with RunningStandIn(observe=observe) as stand_in:
        stand_in.call("DELETE", "customers/3", change_headers=change_headers)

    [(stage, labels)] = observed
    assert labels.pop("ms") > 0
    assert (stage, labels) == (
        "call",
        {
            "method": "DELETE",
            "route": "customers/{id}",
            "status": 200,
            "traceparent": TRACEPARENT,
        },
    )
