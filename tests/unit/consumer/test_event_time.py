"""The event time: never later than the publish time; outdated rows are reported."""

import json
from datetime import UTC, datetime

import pytest

from functions.consumer.dead_letter_topic import dead_letter_attributes
from functions.consumer.push import decode
from functions.timestamps import normalize_timestamp
from tests.support.commerce_adapter import reply
from tests.support.consumer_kit import STOCK_UPDATE, ConsumerUnderTest, push

NOW = datetime(2026, 1, 2, tzinfo=UTC)
FUTURE = "2099-01-01T00:00:00.000000Z"


@pytest.fixture
def consumer():
    consumer = ConsumerUnderTest()
    consumer.response = reply(200, [])
    return consumer


def level(skus, message_id, time, published, **attributes):
    """The push of an event that sets a level for each of *skus*."""
    rows = [
        {"sku": sku, "source": "default", "quantity": 1, "outOfStock": False}
        for sku in skus
    ]
    body = push(
        rows,
        STOCK_UPDATE,
        uid=message_id,
        message_id=message_id,
        time=time,
        publishTime=published,
    )
    body["message"]["attributes"].update(attributes)
    return body


def event_time(time, published):
    return decode(json.dumps(level(["A"], "m1", time, published)).encode()).time


def test_an_event_time_is_not_later_than_its_publish_time(subtests):
    for time, published, expected in [
        ("2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z", "2026-01-01T00:00:01.000000Z"),
        (FUTURE, "2026-01-01T00:00:02.5Z", "2026-01-01T00:00:02.500000Z"),
        # As text, three digits sort after six.
        (
            "2026-01-01T00:00:02.500001Z",
            "2026-01-01T00:00:02.500Z",
            "2026-01-01T00:00:02.500000Z",
        ),
        (
            "2026-01-01T02:00:00+02:00",
            "2026-01-01T00:00:00.001Z",
            "2026-01-01T00:00:00.000000Z",
        ),
        ("", "2026-01-01T00:00:00.001Z", "2026-01-01T00:00:00.001000Z"),
        ("soon", "2026-01-01T00:00:00.001Z", "2026-01-01T00:00:00.001000Z"),
    ]:
        with subtests.test(time=time):
            assert event_time(time, published) == expected


@pytest.mark.parametrize("published", ["", "soon"])
def test_without_a_publish_time_it_is_not_later_than_now(published):
    assert event_time(FUTURE, published) < "2090"


def test_a_time_in_the_future_silences_no_later_level(consumer):
    consumer.deliver(level(["A"], "m1", FUTURE, "2026-01-01T00:00:01.5Z"))
    later = level(
        ["A"], "m2", "2026-01-01T00:00:01.600000Z", "2026-01-01T00:00:01.601Z"
    )

    assert consumer.deliver(later)[0] == 200

    assert consumer.outcomes() == ["handled", "handled"]
    assert len(consumer.requests) == 2


def test_a_replay_keeps_the_time_that_counted(consumer):
    """An event of the future is rejected, a newer one applied, the first replayed."""
    consumer.response = reply(400, {"message": "Validation Failed"})
    ahead = level(["A"], "m1", FUTURE, "2026-01-01T00:00:01Z")
    consumer.deliver(ahead)
    consumer.response = reply(200, [])
    newer = level(["A"], "m2", "2026-01-01T00:00:02Z", "2026-01-01T00:00:02Z")
    consumer.deliver(newer)
    [(stored, status, reason)] = consumer.dead_letters.stored
    attributes = dead_letter_attributes(stored, status, reason, NOW)

    replay = level(["A"], "m3", "", "2026-01-01T00:00:03Z", **attributes)
    assert consumer.deliver(replay)[0] == 200

    assert consumer.outcomes() == ["rejected", "handled", "skipped"]


@pytest.mark.parametrize(
    ("time", "kept"),
    [
        ("2026-01-01T00:00:01Z", "2026-01-01T00:00:01Z"),
        (FUTURE, "2026-01-01T00:00:02.000000Z"),
        ("", "2026-01-01T00:00:02.000000Z"),
    ],
)
def test_a_dead_letter_has_the_time_that_counted(time, kept):
    body = level(["A"], "m1", time, "2026-01-01T00:00:02Z")
    request = decode(json.dumps(body).encode())

    attributes = dead_letter_attributes(request, 400, "No", NOW)

    assert attributes["ce-time"] == kept
    assert normalize_timestamp(kept) == request.time


def test_an_outdated_event_is_skipped(consumer):
    old, new = "2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z"
    consumer.deliver(level(["A"], "m2", new, new))

    status, body = consumer.deliver(level(["A"], "m1", old, old))

    message = "Stock not updated: 1 of 1 rows were older than what is applied"
    assert (status, body["response"]["message"]) == (200, message)
    assert consumer.outcomes() == ["handled", "skipped"]
    assert consumer.outcome_entries()[1]["reason"] == "outdated"


def test_outdated_rows_are_reported(consumer):
    old, new = "2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z"
    consumer.deliver(level(["SKU-1", "sku-2 ", "Sku-3"], "m2", new, new))

    skus = [f"SKU-{number}" for number in range(1, 21)]
    status, body = consumer.deliver(level(skus, "m1", old, old))

    assert (status, body["response"]["message"]) == (
        200,
        "Stock updated successfully; 3 of 20 rows were older than what is applied",
    )
    assert consumer.outcomes() == ["handled", "handled"]
    assert len(consumer.requests[1].body["sourceItems"]) == 17
