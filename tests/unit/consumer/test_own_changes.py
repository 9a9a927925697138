"""Our own changes do not come back, and no other change is lost."""

import random
from datetime import UTC, datetime

import pytest

from functions.timestamps import timestamp
from tests.support.commerce_adapter import reply
from tests.support.consumer_kit import push
from tests.support.two_deployments import TwoDeployments

CREATE, UPDATE, DELETE = (
    f"be-observer.catalog_product_{action}" for action in ("create", "update", "delete")
)
SAVED, DELETED = "commerce.product.updated", "commerce.product.deleted"
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


@pytest.fixture
def two():
    """Both deployments, after an event of the product."""
    two = TwoDeployments()
    assert two.report(SAVED, PRODUCT) == "handled"
    two.clock.now += 5
    return two


RENAMED, RENAMED_PRODUCT = {**LAMP, "name": "New"}, {**PRODUCT, "name": "New"}


def test_our_own_change_does_not_come_back(two):
    two.change(UPDATE, RENAMED)

    assert two.report(SAVED, {**RENAMED_PRODUCT, "updated_at": "x"}) == "own change"

    assert len(two.outbound.webhooks) == 1
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
    assert len(two.outbound.webhooks) == 1


def test_two_changes_suppress_two_contents(two):
    two.change(UPDATE, RENAMED)
    two.clock.now += 2
    two.change(UPDATE, {**LAMP, "name": "Newer"})

    assert two.report(SAVED, RENAMED_PRODUCT, ago=1) == "own change"
    assert two.report(SAVED, {**PRODUCT, "name": "Newer"}) == "own change"


def test_a_person_who_restores_an_earlier_change_is_heard(two):
    """Before our own events have arrived, of which the last is then outdated."""
    two.change(UPDATE, RENAMED)
    two.clock.now += 2
    two.change(UPDATE, {**LAMP, "name": "Newer"})
    two.clock.now += 2

    assert two.report(SAVED, RENAMED_PRODUCT) == "handled"


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


def test_an_edit_that_overtakes_our_event_is_delivered(two):
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


def test_the_ledger_holds_no_value_of_a_note(two):
    two.change(UPDATE, RENAMED)
    two.report(SAVED, RENAMED_PRODUCT)

    stored = str(two.inbound.ledger.store._records)
    assert [text for text in ("LAMP", "New", "24.5") if text in stored] == []


@pytest.mark.parametrize("seed", range(12))
def test_both_sides_agree_in_the_end(seed):
    """Whatever is skipped, the third party knows the last value of each field.

    Both sides change the same product. Events of Commerce arrive late, twice, and not
    in their order; what is outdated is skipped.
    """
    choose = random.Random(seed)  # noqa: S311 repeatable
    two = TwoDeployments()
    commerce, known, pending = dict(PRODUCT), {}, []

    def save(**fields):
        two.clock.now += choose.choice([1, 2, 30])
        commerce.update(fields)
        pending.append((two.clock.now, dict(commerce)))

    def arrive(index):
        moment, product = pending.pop(index)
        if choose.random() < 0.2:
            pending.append((moment, product))
        updated_at = timestamp(datetime.fromtimestamp(moment, UTC))
        outcome = two.report(SAVED, {**product, "updated_at": updated_at})
        if outcome == "handled":
            known.update(product)
        return outcome

    save()
    outcomes = []
    for _ in range(15):
        name, text = choose.choice("AB"), choose.choice("CD")
        match choose.choice(["ours", "ours", "person", "event", "event", "late"]):
            case "ours":
                known.update(name=name, description=text)
                value = {**LAMP, "name": name, "description": text}
                two.change(UPDATE, value)
                save(name=name, description=text)
            case "person":
                save(**choose.choice([{"name": name}, {"weight": choose.random()}]))
            case "event" if pending:
                outcomes.append(arrive(0))
            case "late" if pending:
                outcomes.append(arrive(-1))
    while pending:
        outcomes.append(arrive(0))

    compared = ("name", "description", "weight")
    assert [known[field] for field in compared] == [commerce[f] for f in compared]


def test_a_third_party_that_answers_each_event_ends_the_loop():
    """It sends every change that it gets back to Commerce at once."""
    two = TwoDeployments()
    two.change(UPDATE, RENAMED)
    rounds = 0
    while two.report(SAVED, RENAMED_PRODUCT) == "handled":
        rounds += 1
        two.change(UPDATE, RENAMED)

    assert rounds == 1
