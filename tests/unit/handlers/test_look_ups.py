"""Look-ups ask only for what is used, and read what PHP makes of an empty object."""

import pytest

from functions.errors import Rejected
from tests.support.commerce_adapter import connection_with, reply
from tests.support.handler_kit import (
    FakeCommerce,
    delivery_with_unknown_outcome,
    handle,
    sample,
)

EVENTS = [
    "catalog_product_create",
    "catalog_product_update",
    "catalog_product_delete",
    "customer_create",
    "customer_update",
    "customer_delete",
    "customer_group_create",
    "customer_group_update",
    "customer_group_delete",
    "sales_order_status_update",
    "sales_order_shipment_create",
    "sales_order_shipment_update",
    "catalog_stock_update",
]
EMPTY = ([], {})


class Answers(dict):
    """Answers every request with *document*, GET orders/… with a status."""

    def __init__(self, document):
        super().__init__()
        self.document = document

    def __missing__(self, request):
        method, path = request.split(" ")
        if method != "GET":
            return True
        is_order = path.startswith("orders/") and not path.endswith("/comments")
        return {"status": "pending"} if is_order else self.document


def value_of(event):
    needs_post = event.startswith("catalog_product_")
    return sample(event, sku="A/1") if needs_post else sample(event)


def test_every_look_up_names_its_fields(subtests):
    for event in EVENTS:
        with subtests.test(event=event):
            commerce = FakeCommerce(Answers({"items": []}))

            try:
                handle(
                    event, value_of(event), commerce, delivery_with_unknown_outcome()
                )
            except Rejected:
                assert event == "sales_order_shipment_update"  # no such shipment

            look_ups = [
                request for request in commerce.requests if request.method == "GET"
            ]
            assert [r.path for r in look_ups if not r.query.get("fields")] == []


def test_a_confirming_look_up_names_its_fields(subtests):
    for route, values in [
        ("products/{sku}", {"sku": "A"}),
        ("customers/{id}", {"id": 1}),
        ("customerGroups/{id}", {"id": 1}),
        ("orders/{id}/comments", {"id": 1}),
    ]:
        with subtests.test(route=route):
            script = [
                reply(400, {"message": "Nein"}),
                reply(200, [{"code": "default"}]),
            ]
            connection, adapter = connection_with(script)

            with pytest.raises(Exception, match="Nein"):
                connection.session().put(route, {}, **values)

            assert adapter.requests[1].query["fields"] in (
                "items[sku]",
                "items[id]",
                "code",
            )


def test_an_empty_document_is_read(subtests):
    for event in EVENTS:
        for document in EMPTY:
            with subtests.test(event=event, document=document):
                commerce = FakeCommerce(Answers(document))
                delivery = delivery_with_unknown_outcome()

                if event == "sales_order_shipment_update":
                    with pytest.raises(
                        Rejected, match="The order has no such shipment"
                    ):
                        handle(event, value_of(event), commerce, delivery)
                else:
                    assert "successfully" in handle(
                        event, value_of(event), commerce, delivery
                    )


@pytest.mark.parametrize("mode", ["comment", "status"])
@pytest.mark.parametrize("document", EMPTY)
def test_an_order_without_status_is_a_409(document, mode):
    commerce = FakeCommerce({"GET orders/8": document}, COMMERCE_ORDER_STATUS_MODE=mode)

    with pytest.raises(Rejected, match="The order has no status") as raised:
        handle(
            "sales_order_status_update", sample("sales_order_status_update"), commerce
        )
    assert raised.value.status == 409


def test_a_shipment_without_parts_is_not_ours(subtests):
    """Empty lists within a document, as PHP writes them."""
    for document in [[], {"items": []}, {"items": None}, {}]:
        with subtests.test(document=document):
            shipment = {"created_at": "2026-01-01 00:00:00", "items": [], "tracks": []}
            listed = {"items": [shipment]} if document == {} else document
            commerce = FakeCommerce(
                {
                    "GET shipments": listed,
                    "POST order/7/ship": 1,
                    "POST order/8/ship": 1,
                }
            )

            message = handle(
                "sales_order_shipment_create",
                sample("sales_order_shipment_create"),
                commerce,
                delivery_with_unknown_outcome(),
            )

            assert message == "Shipment created successfully"
