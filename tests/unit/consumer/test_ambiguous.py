"""Ambiguous refusals: a bounded number of attempts, counted per message."""

import random

import pytest
import requests

from tests.support.commerce_adapter import reply
from tests.support.consumer_kit import (
    STOCK_UPDATE,
    ConsumerUnderTest,
    push,
)

TEXT = "Unable to save product"
AMBIGUOUS = reply(400, {"message": TEXT})
CONTENTION = reply(400, {"message": "Database deadlock found when trying to get lock"})
SUCCESS = reply(200, {"id": 1})
SENTENCE = f"Commerce answered 400 to POST products: {TEXT}"


@pytest.fixture
def consumer():
    return ConsumerUnderTest()


def statuses(consumer, attempts, seconds, body=None):
    """The statuses of *attempts*, each *seconds* after the one before."""
    results = []
    for _ in range(attempts):
        results.append(consumer.deliver(body or push())[0])
        consumer.clock.now += seconds
    return results


def test_five_attempts_in_a_short_time_do_not_reject(consumer):
    """A short outage behind such a sentence must not reject a day's events."""
    consumer.response = AMBIGUOUS

    assert statuses(consumer, 20, 44) == [503] * 20
    assert consumer.dead_letters.stored == []

    consumer.clock.now += 30  # 910 seconds since the first
    assert consumer.deliver(push())[0] == 200
    [(_, status, reason)] = consumer.dead_letters.stored
    assert (status, reason) == (400, f"{SENTENCE} (after 21 attempts)")


def test_a_long_time_with_few_attempts_does_not_reject(consumer):
    consumer.response = AMBIGUOUS

    assert statuses(consumer, 6, 3600) == [503, 503, 503, 503, 200, 200]
    [(_, status, reason)] = consumer.dead_letters.stored
    assert (status, reason) == (400, f"{SENTENCE} (after 5 attempts)")
    assert consumer.outcomes() == ["retry"] * 4 + ["rejected", "duplicate"]


def test_the_limits_are_settings():
    consumer = ConsumerUnderTest(
        COMMERCE_AMBIGUOUS_ATTEMPTS="2", COMMERCE_AMBIGUOUS_SECONDS="0"
    )
    consumer.response = AMBIGUOUS

    assert statuses(consumer, 2, 0) == [503, 200]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(CONTENTION, id="contention"),
        pytest.param(reply(503, {"message": "Maintenance"}), id="outage"),
        pytest.param(requests.ConnectTimeout(), id="no connection"),
        pytest.param(reply(401, {"message": "No"}), id="credentials"),
    ],
)
def test_other_failures_are_not_counted(consumer, other):
    """Neither alone, nor between ambiguous refusals; and they reset nothing."""
    consumer.response = other
    assert 200 not in statuses(consumer, 10, 3600)
    consumer.response = AMBIGUOUS
    assert statuses(consumer, 4, 3600) == [503] * 4
    consumer.response = other
    assert 200 not in statuses(consumer, 3, 3600)
    assert consumer.dead_letters.stored == []

    consumer.response = AMBIGUOUS
    assert statuses(consumer, 1, 0) == [200]
    assert consumer.dead_letters.stored[0][2].endswith("(after 5 attempts)")


def test_each_message_is_counted_by_itself(consumer):
    """Also a replay of the event begins anew."""
    consumer.response = AMBIGUOUS
    first, other = push(), push(uid="16", message_id="m2")

    assert statuses(consumer, 4, 3600, first) == [503] * 4
    assert statuses(consumer, 4, 3600, other) == [503] * 4
    assert statuses(consumer, 1, 0, first) == [200]
    replay = push(message_id="m3")
    assert statuses(consumer, 5, 3600, replay) == [503, 503, 503, 503, 200]


def test_an_event_that_succeeds_in_time_is_handled(consumer):
    consumer.response = AMBIGUOUS
    assert statuses(consumer, 4, 3600) == [503] * 4
    consumer.response = SUCCESS

    assert statuses(consumer, 1, 0) == [200]
    assert consumer.outcomes()[-1] == "handled"


def test_without_the_dead_letter_topic_it_comes_again(consumer):
    consumer.response = AMBIGUOUS
    statuses(consumer, 4, 3600)
    consumer.dead_letters.unavailable = True
    assert statuses(consumer, 2, 0) == [503] * 2

    consumer.dead_letters.unavailable = False
    assert statuses(consumer, 1, 0) == [200]
    assert len(consumer.dead_letters.stored) == 1


def test_both_limits_must_be_reached():
    chooser = random.Random(0)  # noqa: S311 repeatable
    rejected = [rejects_a_random_series(chooser) for _ in range(20)]

    assert set(rejected) == {True, False}


def rejects_a_random_series(chooser):
    """Deliver an event up to 14 times; whether it is rejected in the end."""
    consumer = ConsumerUnderTest()
    count, first = 0, None
    for _ in range(chooser.randrange(15)):
        ambiguous = chooser.choice([True, False])
        consumer.clock.now += chooser.choice([0, 60, 300, 899, 900])
        consumer.response = AMBIGUOUS if ambiguous else CONTENTION
        status, _ = consumer.deliver(push())

        count += ambiguous
        first = consumer.clock.now if ambiguous and first is None else first
        enough = count >= 5 and consumer.clock.now - first >= 900
        assert status == (200 if ambiguous and enough else 503)
        if status == 200:
            return True
    return False


# Stock

SUCCESS_STOCK = reply(200, [])


def stock(count, **more):
    rows = [
        {"sku": f"SKU-{n}", "source": "default", "quantity": n, "outOfStock": False}
        for n in range(1, count + 1)
    ]
    return push(rows, STOCK_UPDATE, **more)


def refusing(text, *bad):
    """A store that answers *text* to every call with one of the *bad* SKUs."""

    def respond(request):
        items = {item["sku"] for item in request.body["sourceItems"]}
        return reply(400, {"message": text}) if items & set(bad) else reply(200, [])

    return respond


def sent(consumer):
    """The SKUs of each call."""
    return [[i["sku"] for i in r.body["sourceItems"]] for r in consumer.requests]


def test_a_single_ambiguous_row_is_retried_alone(consumer):
    consumer.response = refusing("Could not save Source Item", "SKU-25")

    results = statuses(consumer, 5, 3600, stock(60))

    assert results == [503, 503, 503, 503, 200]
    calls = sent(consumer)
    assert calls[-4:] == [["SKU-25"]] * 4
    assert len(calls) <= 3 + 2 * 5 + 4
    accepted = [sku for call in calls if "SKU-25" not in call for sku in call]
    assert sorted(accepted) == sorted(f"SKU-{n}" for n in range(1, 61) if n != 25)
    assert consumer.dead_letters.stored[0][2] == (
        "1 of 60 rows were not applied (counted from 1: 25): Commerce answered 400 to"
        " POST inventory/source-items: Could not save Source Item (after 5 attempts)"
    )


def test_a_replay_sends_only_the_rows_that_were_not_applied(consumer):
    """The same source, uid and event time, another message."""
    consumer.response = refusing("Validation Failed", "SKU-25")
    assert consumer.deliver(stock(60))[0] == 200
    assert consumer.outcomes() == ["rejected"]
    consumer.requests.clear()
    consumer.response = SUCCESS_STOCK

    replay = stock(60, message_id="m2", publishTime="2026-01-02T00:00:00.001Z")
    assert consumer.deliver(replay)[0] == 200

    assert sent(consumer) == [["SKU-25"]]
    assert consumer.outcomes() == ["rejected", "handled"]


@pytest.mark.parametrize(
    "changes", [{"uid": "16"}, {"source": "/ingest/wms"}], ids=["uid", "source"]
)
def test_another_event_of_the_same_time_sends_its_rows(consumer, changes):
    consumer.response = SUCCESS_STOCK
    consumer.deliver(stock(2))

    consumer.deliver(stock(2, message_id="m2", **changes))

    assert sent(consumer) == [["SKU-1", "SKU-2"]] * 2


def test_a_dividing_delivery_leaves_other_pieces_to_the_next(consumer):
    """An outage ends the delivery; what was applied is not sent again."""

    def respond(request):
        if len(consumer.requests) > 2:
            return reply(503, {"message": "Maintenance"})
        return refusing("Validation Failed", "SKU-1")(request)

    consumer.response = respond
    assert consumer.deliver(stock(8))[0] == 503
    consumer.response = refusing("Validation Failed", "SKU-1")
    assert consumer.deliver(stock(8))[0] == 200

    assert consumer.dead_letters.stored[0][2].startswith(
        "1 of 8 rows were not applied (counted from 1: 1): "
    )
