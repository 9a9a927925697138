"""Customers and customer groups: the calls of each event, and of a redelivery."""

import pytest
import requests

from functions.errors import Rejected, Unavailable
from tests.support.handler_kit import (
    FakeCommerce,
    FakeDelivery,
    delivery_with_unknown_outcome,
    handle,
    in_turn,
    rejection,
    sample,
)

TAKEN = (
    "A customer with the same email address already exists in an associated website."
)
KEPT = (
    "group_id,store_id,website_id,default_billing,default_shipping,"
    "disable_auto_group_change,custom_attributes[attribute_code,value]"
)


def test_a_customer_is_created():
    commerce = FakeCommerce({"POST customers": {"id": 15}})

    message = handle("customer_create", sample("customer_create"), commerce)

    assert message == "Customer created successfully"
    assert commerce.calls == [
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
    commerce = FakeCommerce({"POST customers": {"id": 15}}, COMMERCE_WEBSITE_ID="2")

    handle("customer_create", sample("customer_create"), commerce)

    assert commerce.requests[0].body["customer"]["website_id"] == 2


CURRENT = {
    "group_id": 3,
    "store_id": 1,
    "website_id": 1,
    "default_billing": "7",
    "default_shipping": None,
    "disable_auto_group_change": 0,
    "custom_attributes": [{"attribute_code": "vip", "value": "1"}],
    "addresses": [{"id": 7}],
    "email": "old@example.com",
}


def test_an_update_keeps_fields_that_a_put_resets():
    commerce = FakeCommerce(
        {"GET customers/15": CURRENT, "PUT customers/15": {"id": 15}}
    )

    message = handle("customer_update", sample("customer_update"), commerce)

    assert message == "Customer updated successfully"
    assert commerce.calls == [
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
                    "custom_attributes": [{"attribute_code": "vip", "value": "1"}],
                }
            },
        ),
    ]


def test_an_update_names_the_website(subtests):
    for name, current, setting, website in [
        ("the customer's own", {"website_id": 1}, "2", 1),
        ("the setting's", {"website_id": None}, "2", 2),
        ("the setting's where the customer has none", {}, "2", 2),
        ("none", {}, "", None),
    ]:
        with subtests.test(name):
            commerce = FakeCommerce(
                {"GET customers/15": current, "PUT customers/15": {"id": 15}},
                COMMERCE_WEBSITE_ID=setting,
            )

            handle("customer_update", sample("customer_update"), commerce)

            assert commerce.requests[1].body["customer"].get("website_id") == website


def test_an_update_of_an_unknown_customer_is_rejected():
    missing = rejection(404, "No such entity with %1 = %2", "customerId", 15)
    commerce = FakeCommerce({"GET customers/15": missing})

    with pytest.raises(Rejected) as raised:
        handle("customer_update", sample("customer_update"), commerce)

    assert raised.value.message == (
        "Commerce answered 404 to GET customers/{id}:"
        " No such entity with customerId = 15"
    )
    assert len(commerce.requests) == 1


def test_an_undocumented_response_is_retried(subtests):
    for document in ["text", None, True, [1]]:
        with subtests.test(document=document):
            commerce = FakeCommerce({"GET customers/15": document})

            with pytest.raises(Unavailable):
                handle("customer_update", sample("customer_update"), commerce)


def test_a_group_is_created_and_updated():
    commerce = FakeCommerce(
        {"POST customerGroups": {"id": 19}, "PUT customerGroups/19": {"id": 19}}
    )

    messages = [
        handle(event, sample(event), commerce)
        for event in ("customer_group_create", "customer_group_update")
    ]

    assert messages == [
        "Customer group created successfully",
        "Customer group updated successfully",
    ]
    assert commerce.calls == [
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
def test_already_exists_after_a_lost_response_is_success(event, path, text):
    commerce = FakeCommerce(
        {f"POST {path}": in_turn(requests.ReadTimeout(), rejection(400, text))}
    )
    with pytest.raises(Unavailable) as raised:
        handle(event, sample(event), commerce)
    assert raised.value.outcome_unknown

    message = handle(event, sample(event), commerce, delivery_with_unknown_outcome())

    assert message.endswith("created successfully")
    assert len(commerce.requests) == 2


@pytest.mark.parametrize(("event", "path", "text"), CREATES)
def test_already_exists_at_the_first_attempt_is_rejected(event, path, text):
    commerce = FakeCommerce({f"POST {path}": rejection(400, text)})

    with pytest.raises(Rejected) as raised:
        handle(event, sample(event), commerce, FakeDelivery())

    assert raised.value.message == f"Commerce answered 400 to POST {path}: {text}"


@pytest.mark.parametrize(("event", "path", "_"), CREATES)
def test_other_rejections_after_a_lost_response_stand(event, path, _):
    commerce = FakeCommerce(
        {f"POST {path}": rejection(400, '"%1" is required.', "email")}
    )

    with pytest.raises(Rejected):
        handle(event, sample(event), commerce, delivery_with_unknown_outcome())


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
def test_a_delete_of_something_absent_is_success(event, path, sentence):
    missing = rejection(404, "No such entity with %1 = %2", "id", 15)
    commerce = FakeCommerce(
        {f"DELETE {path}": in_turn(True, requests.ReadTimeout(), missing)}
    )
    assert handle(event, sample(event), commerce) == sentence
    with pytest.raises(Unavailable):
        handle(event, sample(event), commerce)

    assert handle(event, sample(event), commerce) == sentence

    assert commerce.calls == [("DELETE", path, None)] * 3


def test_deleting_the_default_group_is_rejected():
    text = "Cannot delete group."
    commerce = FakeCommerce({"DELETE customerGroups/19": rejection(400, text)})

    with pytest.raises(Rejected):
        handle("customer_group_delete", sample("customer_group_delete"), commerce)


def test_an_empty_list_is_read_as_an_empty_customer():
    """PHP writes an empty object as ``[]``."""
    commerce = FakeCommerce({"GET customers/15": [], "PUT customers/15": {"id": 15}})

    handle("customer_update", sample("customer_update"), commerce)

    assert set(commerce.requests[1].body["customer"]) == {
        "id",
        "email",
        "firstname",
        "lastname",
    }
