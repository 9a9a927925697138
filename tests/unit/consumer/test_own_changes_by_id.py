"""Our own changes of what Commerce names by ids of its own do not come back."""

import pytest

from tests.support.commerce_adapter import reply
from tests.support.two_deployments import TwoDeployments

STOCK = "be-observer.catalog_stock_update"
SAVED, LEVEL = "commerce.product.updated", "commerce.stock.updated"
PRODUCT = {"id": "27", "sku": "LAMP"}
ITEM = {"product_id": "27", "qty": "5", "is_in_stock": "1", "min_qty": "0"}
ROW = {"sku": "lamp ", "source": "Default", "quantity": 7, "outOfStock": False}


@pytest.fixture
def two():
    """Both deployments, after an event of the product and one of its stock."""
    two = TwoDeployments()
    assert two.report(SAVED, PRODUCT) == "handled"
    assert two.report(LEVEL, ITEM) == "handled"
    two.clock.now += 5
    return two


def test_a_customer_is_created_by_email_and_reported_by_id():
    two = TwoDeployments()
    value = {"email": "ada@x.example", "name": "Ada", "lastname": "L"}
    reported = {"id": "15", "email": "ada@x.example", "firstname": "Ada"}
    reported["lastname"] = "L"

    def report_meanwhile(request):
        assert two.report("commerce.customer.created", reported) == "handled"
        return reply(200, {"id": 15})

    two.change("be-observer.customer_create", value, report_meanwhile)

    assert two.report("commerce.customer.updated", reported) == "own change"
    other = {**reported, "id": "16"}
    assert two.report("commerce.customer.updated", other) == "handled"


def test_a_group_is_created_by_code_and_reported_by_id():
    two = TwoDeployments()
    event = "commerce.customer-group.updated"
    reported = {"customer_group_id": "9", "customer_group_code": "VIP"}
    reported["tax_class_id"] = "3"

    def report_meanwhile(request):
        assert two.report(event, reported) == "handled"
        return reply(200, {"id": 9})

    value = {"name": "VIP", "taxClassId": 3}
    two.change("be-observer.customer_group_create", value, report_meanwhile)

    assert two.report(event, reported) == "own change"


NEW_LEVEL = {**ITEM, "qty": "7.0000"}


def test_our_own_level_does_not_come_back(two):
    two.change(STOCK, [ROW], reply(200, []))

    assert two.report(LEVEL, NEW_LEVEL) == "own change"
    assert two.report(LEVEL, NEW_LEVEL) == "handled"


@pytest.mark.parametrize(
    ("row", "item"),
    [
        ({}, {"qty": "6"}),
        ({}, {"min_qty": "1"}),
        ({}, {"product_id": "28"}),
        ({"source": "east"}, {}),
        ({"sku": "SOFA"}, {}),
    ],
)
def test_another_level_is_delivered(two, row, item):
    two.report(LEVEL, {**ITEM, "product_id": "28"})
    two.change(STOCK, [{**ROW, **row}], reply(200, []))

    assert two.report(LEVEL, {**NEW_LEVEL, **item}) == "handled"


def test_a_level_of_an_unknown_product_is_delivered():
    two = TwoDeployments()
    two.report(LEVEL, ITEM)
    two.change(STOCK, [ROW], reply(200, []))

    assert two.report(LEVEL, NEW_LEVEL) == "handled"


def test_a_level_of_a_person_ends_the_note(two):
    two.change(STOCK, [ROW], reply(200, []))

    assert two.report(LEVEL, {**ITEM, "qty": "6"}) == "handled"
    assert two.report(LEVEL, NEW_LEVEL) == "handled"


def test_a_rejected_level_is_no_change(two):
    rejection = reply(400, {"message": "No such entity"})
    two.change(STOCK, [ROW], rejection, "rejected")

    assert two.report(LEVEL, NEW_LEVEL) == "handled"
