"""Customers and their groups: what each event asks, and what a repeat does."""

import pytest
import requests

from functions.commerce.errors import Rejected, Unavailable
from functions.handlers import DirectCall
from tests.handlers.shops import (
    InTurn,
    Unsure,
    calls,
    handle,
    refused,
    sample,
    shop_of,
)

TAKEN = (
    "A customer with the same email address already exists in an associated website."
)
KEPT = (
    "group_id,store_id,website_id,default_billing,default_shipping,"
    "disable_auto_group_change"
)


def test_a_customer_is_created():
    commerce, asked = shop_of({"POST customers": {"id": 15}})

    said = handle("customer_create", sample("customer_create"), commerce)

    assert said == "Customer created successfully"
    assert calls(asked) == [
        (
            "POST",
            "customers",
            {
                "customer": {
                    "email": "ada.bauer@example.com",
                    "firstname": "Ada",
                    "lastname": "Bauer",
                }
            },
        )
    ]


def test_the_website_of_new_customers_is_a_setting():
    commerce, asked = shop_of({"POST customers": {"id": 15}}, COMMERCE_WEBSITE_ID="2")

    handle("customer_create", sample("customer_create"), commerce)

    assert asked[0].body["customer"]["website_id"] == 2


THERE = {
    "group_id": 3,
    "store_id": 1,
    "website_id": 1,
    "default_billing": "7",
    "default_shipping": None,
    "disable_auto_group_change": 0,
    "addresses": [{"id": 7}],
    "email": "old@example.com",
}


def test_an_update_keeps_what_a_put_would_reset():
    commerce, asked = shop_of(
        {"GET customers/15": THERE, "PUT customers/15": {"id": 15}}
    )

    said = handle("customer_update", sample("customer_update"), commerce)

    assert said == "Customer updated successfully"
    assert calls(asked) == [
        ("GET", "customers/15", {"fields": KEPT}),
        (
            "PUT",
            "customers/15",
            {
                "customer": {
                    "id": 15,
                    "email": "ada.bauer@example.com",
                    "firstname": "Ada",
                    "lastname": "Bauer-Klein",
                    "group_id": 3,
                    "store_id": 1,
                    "website_id": 1,
                    "default_billing": "7",
                    "disable_auto_group_change": 0,
                }
            },
        ),
    ]


@pytest.mark.parametrize(
    ("there", "setting", "website"),
    [
        pytest.param({"website_id": 1}, "2", 1, id="the customer's own"),
        pytest.param({"website_id": None}, "2", 2, id="the setting's"),
        pytest.param({}, "2", 2, id="the setting's where none is told"),
        pytest.param({}, "", None, id="none"),
    ],
)
def test_an_update_names_a_website_since_some_versions_demand_it(
    there, setting, website
):
    commerce, asked = shop_of(
        {"GET customers/15": there, "PUT customers/15": {"id": 15}},
        COMMERCE_WEBSITE_ID=setting,
    )

    handle("customer_update", sample("customer_update"), commerce)

    assert asked[1].body["customer"].get("website_id") == website


def test_an_update_of_nobody_is_refused_and_creates_nobody():
    missing = refused(404, "No such entity with %1 = %2", "customerId", 15)
    commerce, asked = shop_of({"GET customers/15": missing})

    with pytest.raises(Rejected) as raised:
        handle("customer_update", sample("customer_update"), commerce)

    assert raised.value.message == (
        "Commerce answered 404 to GET customers/{id}:"
        " No such entity with customerId = 15"
    )
    assert len(asked) == 1


@pytest.mark.parametrize("odd", [[], "text", None, True])
def test_a_customer_in_an_unknown_form_is_nothing_to_build_on(odd):
    commerce, _ = shop_of({"GET customers/15": odd})

    with pytest.raises(Unavailable):
        handle("customer_update", sample("customer_update"), commerce)


def test_a_group_is_created_and_updated():
    commerce, asked = shop_of(
        {"POST customerGroups": {"id": 19}, "PUT customerGroups/19": {"id": 19}}
    )

    said = [
        handle(event, sample(event), commerce)
        for event in ("customer_group_create", "customer_group_update")
    ]

    assert said == [
        "Customer group created successfully",
        "Customer group updated successfully",
    ]
    assert calls(asked) == [
        (
            "POST",
            "customerGroups",
            {"group": {"code": "Trade, Hamburg", "tax_class_id": 3}},
        ),
        (
            "PUT",
            "customerGroups/19",
            {"group": {"id": 19, "code": "Trade, Hamburg and Kiel", "tax_class_id": 3}},
        ),
    ]


CREATES = [
    ("customer_create", "customers", TAKEN),
    ("customer_group_create", "customerGroups", "Customer Group already exists."),
]


@pytest.mark.parametrize(("event", "path", "text"), CREATES)
def test_after_a_lost_answer_already_exists_is_done(event, path, text):
    commerce, asked = shop_of(
        {f"POST {path}": InTurn(requests.ReadTimeout(), refused(400, text))}
    )
    with pytest.raises(Unavailable) as raised:
        handle(event, sample(event), commerce)
    assert raised.value.effect_unknown

    said = handle(event, sample(event), commerce, Unsure())

    assert said.endswith("created successfully")
    assert len(asked) == 2


@pytest.mark.parametrize(("event", "path", "text"), CREATES)
def test_without_an_earlier_attempt_already_exists_is_refused(event, path, text):
    commerce, _ = shop_of({f"POST {path}": refused(400, text)})

    with pytest.raises(Rejected) as raised:
        handle(event, sample(event), commerce, DirectCall())

    assert raised.value.message == f"Commerce answered 400 to POST {path}: {text}"


@pytest.mark.parametrize(("event", "path", "_"), CREATES)
def test_another_refusal_is_one_even_after_a_lost_answer(event, path, _):
    commerce, _ = shop_of({f"POST {path}": refused(400, '"%1" is required.', "email")})

    with pytest.raises(Rejected):
        handle(event, sample(event), commerce, Unsure())


@pytest.mark.parametrize(
    ("event", "path", "sentence"),
    [
        ("customer_delete", "customers/15", "Customer deleted successfully"),
        (
            "customer_group_delete",
            "customerGroups/19",
            "Customer group deleted successfully",
        ),
    ],
)
def test_a_delete_is_done_whether_there_or_gone(event, path, sentence):
    gone = refused(404, "No such entity with %1 = %2", "id", 15)
    commerce, asked = shop_of(
        {f"DELETE {path}": InTurn(True, requests.ReadTimeout(), gone)}
    )
    assert handle(event, sample(event), commerce) == sentence
    with pytest.raises(Unavailable):
        handle(event, sample(event), commerce)

    assert handle(event, sample(event), commerce) == sentence

    assert calls(asked) == [("DELETE", path, None)] * 3


def test_a_default_group_cannot_be_deleted():
    text = "The group can't be deleted."
    commerce, _ = shop_of({"DELETE customerGroups/19": refused(400, text)})

    with pytest.raises(Rejected):
        handle("customer_group_delete", sample("customer_group_delete"), commerce)
