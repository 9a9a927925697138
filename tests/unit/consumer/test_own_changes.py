"""Our own changes do not come back, and no other change is lost."""

from datetime import UTC, datetime

import pytest

from functions.events import catalog
from functions.ledger.memory import MemoryStore
from functions.timestamps import timestamp
from tests.support.commerce_adapter import reply
from tests.support.consumer_kit import ConsumerUnderTest, push

CREATE, UPDATE, DELETE = (
    f"be-observer.catalog_product_{action}" for action in ("create", "update", "delete")
)
STOCK = "be-observer.catalog_stock_update"
SAVED, DELETED = "commerce.product.updated", "commerce.product.deleted"
LEVEL = "commerce.stock.updated"
LAMP = {"sku": "LAMP", "name": "Lamp", "description": "Old", "price": 24.5}
PRODUCT = {
    "id": "27",
    "sku": "LAMP",
    "name": "Lamp",
    "description": "Old",
    "price": "24.500000",
    "attribute_set_id": "4",
    "weight": "1.0",
}
ITEM = {"product_id": "27", "qty": "5", "is_in_stock": "1", "min_qty": "0"}
ROW = {"sku": "lamp ", "source": "Default", "quantity": 7, "outOfStock": False}


class TwoDeployments:
    """One that changes Commerce and one that serves Commerce's events, one ledger."""

    def __init__(self, **settings):
        store = MemoryStore()
        self.inbound = ConsumerUnderTest(store, **settings)
        self.outbound = ConsumerUnderTest(store, **settings)
        self.outbound.ledger.clock = self.clock = self.inbound.clock
        object.__setattr__(self.inbound.consumer, "target", None)
        object.__setattr__(self.outbound.consumer, "commerce", None)
        self.count = 0

    def change(self, event, value, response=None, outcome="handled", **message):
        """Deliver an event of the third party."""
        self.count += 1
        self.inbound.response = response or reply(200, {"id": 27})
        ids = {"uid": f"in{self.count}", "message_id": f"in{self.count}"}
        self.inbound.deliver(push(value, event, **{**ids, **message}))
        assert self.inbound.outcomes()[-1] == outcome

    def report(self, event, value, ago=0.0, uid=None):
        """Deliver an event of Commerce; the reason if it is skipped, else the outcome.

        Args:
            ago: seconds since it happened.
        """
        self.count += 1
        moment = self.clock.now - ago
        time = timestamp(datetime.fromtimestamp(moment, UTC))
        uid = uid or f"out{self.count}"
        message = {
            "uid": uid,
            "message_id": uid,
            "source": "/commerce/p1",
            "time": time,
            "publishTime": time,
            "orderingKey": catalog.find(event).ordering_key(value),
        }
        assert self.outbound.deliver(push(value, event, **message))[0] == 200
        entry = self.outbound.outcome_entries()[-1]
        return entry["reason"] if entry["outcome"] == "skipped" else entry["outcome"]


@pytest.fixture
def two():
    """Both deployments, after an event of the product and one of its stock."""
    two = TwoDeployments()
    assert two.report(SAVED, PRODUCT) == "handled"
    assert two.report(LEVEL, ITEM) == "handled"
    two.clock.now += 5
    return two


RENAMED, RENAMED_PRODUCT = {**LAMP, "name": "New"}, {**PRODUCT, "name": "New"}


def test_our_own_change_does_not_come_back(two):
    two.change(UPDATE, RENAMED)

    assert two.report(SAVED, {**RENAMED_PRODUCT, "updated_at": "x"}) == "own change"

    assert len(two.outbound.webhooks) == 2
    _, body = two.outbound.deliver(push({}, SAVED, uid="x", message_id="x"))
    message = two.outbound.outcome_entries()[-2]
    assert (message["outcome"], message["reason"]) == ("skipped", "own change")


def test_one_change_suppresses_one_content_once(two):
    two.change(UPDATE, RENAMED)
    two.report(SAVED, RENAMED_PRODUCT)

    assert two.report(SAVED, RENAMED_PRODUCT) == "handled"


def test_a_redelivery_has_the_same_result(two):
    two.change(UPDATE, RENAMED)
    two.report(SAVED, RENAMED_PRODUCT, uid="e1")

    assert two.report(SAVED, RENAMED_PRODUCT, uid="e1") == "duplicate"
    assert len(two.outbound.webhooks) == 2


def test_two_changes_suppress_two_contents(two):
    two.change(UPDATE, RENAMED)
    two.change(UPDATE, {**LAMP, "name": "Newer"})

    assert two.report(SAVED, RENAMED_PRODUCT) == "own change"
    assert two.report(SAVED, {**PRODUCT, "name": "Newer"}) == "own change"


def test_the_event_can_arrive_during_our_call(two):
    reasons = []

    def report_meanwhile(request):
        reasons.append(two.report(SAVED, RENAMED_PRODUCT))
        return reply(200, {"id": 27})

    two.change(UPDATE, RENAMED, report_meanwhile)

    assert reasons == ["own change"]


def test_without_an_earlier_event_it_is_delivered():
    """The third party gets its own change back once."""
    two = TwoDeployments()
    two.change(UPDATE, RENAMED)

    assert two.report(SAVED, RENAMED_PRODUCT) == "handled"
    two.change(UPDATE, RENAMED)
    assert two.report(SAVED, RENAMED_PRODUCT) == "own change"


@pytest.mark.parametrize(
    "edited",
    [{"price": "30"}, {"weight": "2.0"}, {"name": "Mine"}, {"special_price": "1"}],
)
@pytest.mark.parametrize("apart", [True, False])
def test_an_edit_by_a_person_is_delivered(two, edited, apart):
    """Also of a price alone, within 60 s, which the kit drops."""
    two.change(UPDATE, RENAMED)
    if apart:
        assert two.report(SAVED, RENAMED_PRODUCT) == "own change"
    two.clock.now += 30

    assert two.report(SAVED, {**RENAMED_PRODUCT, **edited}) == "handled"


def test_an_edit_and_its_undoing_are_delivered(two):
    two.change(UPDATE, RENAMED)

    assert two.report(SAVED, PRODUCT) == "handled"
    assert two.report(SAVED, RENAMED_PRODUCT) == "handled"


def test_an_edit_that_overtakes_our_event_is_delivered_and_undone(two):
    """Adobe promises no order: the event of our change is then outdated."""
    two.change(UPDATE, RENAMED)
    two.clock.now += 9
    assert two.report(SAVED, {**RENAMED_PRODUCT, "weight": "2.0"}) == "handled"
    assert two.report(SAVED, RENAMED_PRODUCT, ago=5) == "outdated"

    assert two.report(SAVED, RENAMED_PRODUCT) == "handled"


def test_a_delete_after_our_save_is_delivered(two):
    """The kit drops it."""
    two.change(UPDATE, RENAMED)
    two.report(SAVED, RENAMED_PRODUCT)

    assert two.report(DELETED, RENAMED_PRODUCT) == "handled"


def test_only_our_own_delete_is_skipped(two):
    two.change(DELETE, {"sku": "Lamp"})

    assert two.report(SAVED, RENAMED_PRODUCT) == "handled"
    two.change(DELETE, {"sku": "Lamp"})
    assert two.report(DELETED, PRODUCT) == "own change"
    assert two.report(DELETED, PRODUCT) == "handled"


def test_a_product_that_is_created_again_is_delivered(two):
    two.change(DELETE, {"sku": "LAMP"})
    two.report(DELETED, PRODUCT)
    two.change(CREATE, LAMP)

    assert two.report("commerce.product.created", PRODUCT) == "handled"


@pytest.mark.parametrize("price", ["24.5", 24.5, "24.500000", "24.50"])
def test_numbers_are_compared_as_decimals(two, price):
    two.change(UPDATE, LAMP)

    assert two.report(SAVED, {**PRODUCT, "price": price}) == "own change"


def test_text_is_compared_as_text(two):
    two.change(UPDATE, {**LAMP, "name": "7"})

    assert two.report(SAVED, {**PRODUCT, "name": "7.0"}) == "handled"


@pytest.mark.parametrize(
    ("later", "ago", "expected"),
    [(590, 0, "own change"), (610, 0, "handled"), (5, 60, "own change")],
)
def test_a_change_counts_for_echo_seconds(two, later, ago, expected):
    two.clock.now += 200
    two.change(UPDATE, RENAMED)
    two.clock.now += later

    assert two.report(SAVED, RENAMED_PRODUCT, ago=ago) == expected


def test_what_happened_before_our_change_is_delivered(two):
    """By more than clocks may differ."""
    two.clock.now += 100
    two.change(UPDATE, RENAMED)

    assert two.report(SAVED, RENAMED_PRODUCT, ago=61) == "handled"


def test_zero_echo_seconds_note_nothing():
    two = TwoDeployments(echo_seconds=0)
    two.report(SAVED, PRODUCT)
    two.change(UPDATE, RENAMED)

    assert two.report(SAVED, RENAMED_PRODUCT) == "handled"
    records = two.inbound.ledger.store._records.values()
    assert not any(r.get("notes") or r.get("last_event") for r in records)


@pytest.mark.parametrize(
    ("response", "outcome", "expected"),
    [
        (reply(400, {"message": "No such entity"}), "rejected", "handled"),
        (reply(429, {"message": "No"}), "retry", "handled"),
        (reply(500, {"message": "Lost"}), "retry", "own change"),
    ],
)
def test_a_call_without_effect_is_no_change(two, response, outcome, expected):
    two.change(UPDATE, RENAMED, response, outcome)

    assert two.report(SAVED, RENAMED_PRODUCT) == expected


def test_an_earlier_attempt_counts_as_the_change(two):
    """It was 100 s ago and its response was lost; its event arrives only now."""
    lost = reply(500, {"message": "Lost"})
    two.change(UPDATE, RENAMED, lost, "retry", message_id="m", uid="u")
    two.clock.now += 100
    two.change(UPDATE, RENAMED, message_id="m", uid="u")

    assert two.report(SAVED, RENAMED_PRODUCT, ago=95) == "own change"


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


def test_the_ledger_holds_no_value_of_a_note(two):
    two.change(UPDATE, RENAMED)
    two.report(SAVED, RENAMED_PRODUCT)

    stored = str(two.inbound.ledger.store._records)
    assert [text for text in ("LAMP", "New", "24.5") if text in stored] == []
