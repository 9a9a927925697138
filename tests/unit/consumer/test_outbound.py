"""Outbound events: delivered once in effect, in order, to the webhook."""

import pytest
import requests

from functions.consumer.delivery import OUTDATED
from functions.events import catalog, samples
from functions.events.catalog import OUTBOUND_EVENTS
from functions.ledger.store import LedgerUnavailable
from functions.target.client import DELIVERED
from tests.support.commerce_adapter import reply
from tests.support.consumer_kit import ConsumerUnderTest, push
from tests.support.target_kit import cloud_event

CREATED = "commerce.order.created"
UPDATED = "commerce.order.updated"
PRODUCT, DELETED = "commerce.product.updated", "commerce.product.deleted"
LOST = reply(500)
NO_EFFECT = reply(429)
REJECTION = reply(422, {"message": "No such number"})


@pytest.fixture
def consumer():
    return ConsumerUnderTest()


def commerce_push(event, value, uid, time, message_id=None):
    """A push as the receiver of Adobe's events publishes it; *time* in seconds."""
    known = catalog.find(event)
    return push(
        value,
        event,
        uid=uid,
        message_id=message_id or f"m-{uid}",
        source="/commerce/p1",
        time=f"2026-01-01T00:00:{time:02d}.000000Z",
        publishTime="2026-01-01T00:59:00Z",
        orderingKey=known.ordering_key(value),
    )


def order(status, updated, uid=None, event=UPDATED, **more):
    """The push of an order as it was saved at *updated* seconds."""
    value = {"id": "41", "status": status, "updated_at": saved(updated)}
    return commerce_push(event, value, uid or status, 50, **more)


def product(event, uid, time, updated=None):
    value = {"sku": "LAMP-2"}
    if updated is not None:
        value["updated_at"] = saved(updated)
    return commerce_push(event, value, uid, time)


def saved(second):
    """A time as Commerce writes it."""
    return f"2026-01-01 00:00:{second:02d}"


def raise_unavailable(*_):
    raise LedgerUnavailable("gone")


def delivered(consumer):
    """The status of the orders that the third party received."""
    return [cloud_event(webhook)["data"]["status"] for webhook in consumer.webhooks]


def webhook_ids(consumer):
    return [webhook.headers["webhook-id"] for webhook in consumer.webhooks]


@pytest.mark.parametrize("name", sorted(OUTBOUND_EVENTS))
def test_every_event_is_delivered(consumer, name):
    value = samples.value(name)
    status, body = consumer.deliver(commerce_push(name, value, "e1", 1))

    assert (status, body) == (
        200,
        {"type": name, "response": {"success": True, "message": DELIVERED}},
    )
    sent = cloud_event(consumer.webhooks[0])
    known = OUTBOUND_EVENTS[name]
    assert sent["data"].items() >= {known.key: str(value[known.key])}.items()
    assert (sent["id"], sent["type"], sent["source"], sent["subject"]) == (
        "e1",
        name,
        "/commerce/p1",
        str(value[known.key]),
    )
    assert consumer.requests == []


def test_a_direct_call_has_the_status_of_the_webhook(consumer):
    call = {"type": CREATED, "data": samples.value(CREATED)}
    statuses = []
    for response in (reply(202), REJECTION, NO_EFFECT, reply(302)):
        consumer.target_response = response
        statuses.append(consumer.deliver(call)[0])

    assert statuses == [200, 422, 429, 503]
    assert len(set(webhook_ids(consumer))) == 4
    assert consumer.dead_letters.stored == []


@pytest.mark.parametrize(
    ("lacking", "event", "message"),
    [
        (
            "target",
            CREATED,
            "This consumer serves no outbound events: set TARGET_URL",
        ),
        (
            "commerce",
            "be-observer.customer_delete",
            "This consumer serves no inbound events: set COMMERCE_BASE_URL",
        ),
    ],
)
def test_the_direction_that_is_not_served_is_an_alarm(
    consumer, lacking, event, message
):
    object.__setattr__(consumer.consumer, lacking, None)

    status, body = consumer.deliver(push({"id": 7}, event))

    assert (status, body["error"]["body"]["error"]) == (503, message)
    assert consumer.outcome_entries()[0]["alarm"] is True
    assert consumer.outcome_entries()[0]["reason"] == message


def test_a_rejection_is_a_dead_letter_with_the_receivers_message(consumer):
    consumer.target_response = REJECTION

    status, _ = consumer.deliver(order("paid", 1))

    [(_, stored_status, reason)] = consumer.dead_letters.stored
    assert (status, stored_status) == (200, 422)
    assert reason == "The target answered 422 to POST webhook: No such number"
    assert "No such number" not in consumer.raw_log


@pytest.mark.parametrize("failure", [LOST, NO_EFFECT, requests.ReadTimeout()])
def test_a_retry_repeats_the_webhook_with_the_same_id(consumer, failure):
    consumer.target_response = failure
    assert consumer.deliver(order("paid", 1, uid="e7"))[0] >= 400
    consumer.target_response = reply(202)

    assert consumer.deliver(order("paid", 1, uid="e7"))[0] == 200
    assert webhook_ids(consumer) == ["e7", "e7"]


@pytest.mark.parametrize("message_id", ["m-e7", "m2"])
def test_a_duplicate_is_not_delivered_again(consumer, message_id):
    """Pub/Sub's, and Adobe's, which the receiver published a second time."""
    consumer.deliver(order("paid", 1, uid="e7"))
    status, _ = consumer.deliver(order("paid", 1, uid="e7", message_id=message_id))

    assert (status, consumer.outcomes()) == (200, ["handled", "duplicate"])
    assert len(consumer.webhooks) == 1


def test_an_older_save_is_skipped_after_a_newer_one(consumer):
    consumer.deliver(order("complete", 9))
    status, body = consumer.deliver(order("pending", 3))

    assert (status, body["response"]["message"]) == (200, OUTDATED)
    assert consumer.outcome_entries()[-1]["reason"] == "outdated"
    assert delivered(consumer) == ["complete"]
    assert consumer.outcomes() == ["handled", "skipped"]


def test_saves_in_order_and_of_one_second_are_delivered(consumer):
    for status, second in (("a", 1), ("b", 2), ("c", 2), ("d", 2)):
        consumer.deliver(order(status, second))

    assert delivered(consumer) == ["a", "b", "c", "d"]


def test_another_resource_does_not_count(consumer):
    consumer.deliver(order("complete", 9))
    other = {"id": "42", "status": "pending", "updated_at": saved(1)}
    consumer.deliver(commerce_push(UPDATED, other, "other", 1))

    assert delivered(consumer) == ["complete", "pending"]


@pytest.mark.parametrize("updated_at", [None, "0000-00-00 00:00:00", "soon", 7])
def test_without_a_save_time_the_event_time_counts(consumer, updated_at):
    for uid, time in (("b", 20), ("a", 10), ("c", 30)):
        value = {"id": "41", "status": uid, "updated_at": updated_at}
        consumer.deliver(commerce_push(UPDATED, value, uid, time))

    assert delivered(consumer) == ["b", "c"]


def test_a_save_time_in_the_future_outdates_nothing(consumer):
    """As of a Commerce whose clock is ahead."""
    ahead = {"id": "41", "status": "a", "updated_at": "2030-01-01 00:00:00"}
    consumer.deliver(commerce_push(UPDATED, ahead, "a", 1))
    ahead |= {"status": "b", "updated_at": "2029-12-31 23:59:00"}
    consumer.deliver(commerce_push(UPDATED, ahead, "b", 2))

    assert delivered(consumer) == ["a", "b"]


def test_a_delete_wins_over_older_saves(consumer):
    """The deleted product still carries the time of its last save."""
    pushes = [
        product(PRODUCT, "new", 12, updated=11),
        product(DELETED, "gone", 15, updated=2),
        product(PRODUCT, "late", 16, updated=14),
        product(PRODUCT, "again", 21, updated=20),
        product(DELETED, "gone late", 15, updated=2),
    ]
    for one in pushes:
        assert consumer.deliver(one)[0] == 200

    types = [cloud_event(webhook)["type"] for webhook in consumer.webhooks]
    assert types == [PRODUCT, DELETED, PRODUCT]
    expected = ["handled", "handled", "skipped", "handled", "skipped"]
    assert consumer.outcomes() == expected


def test_a_webhook_whose_result_is_lost_is_sent_again(consumer, monkeypatch):
    """It has the same id, by which the third party deduplicates."""
    with monkeypatch.context() as patched:
        patched.setattr(consumer.ledger, "complete", raise_unavailable)
        assert consumer.deliver(order("paid", 1))[0] == 503
    consumer.clock.now += 60

    assert consumer.deliver(order("paid", 1))[0] == 200
    assert delivered(consumer) == ["paid", "paid"]
    assert len(set(webhook_ids(consumer))) == 1


def test_an_older_save_whose_answer_was_lost_is_not_repeated(consumer):
    consumer.target_response = LOST
    assert consumer.deliver(order("pending", 1))[0] == 500
    consumer.target_response = reply(202)
    # Until the lost one's lease ends, it may still be in progress.
    assert consumer.deliver(order("complete", 2))[0] == 503
    consumer.clock.now += 60
    assert consumer.deliver(order("complete", 2))[0] == 200

    status, body = consumer.deliver(order("pending", 1))

    assert (status, body["response"]["message"]) == (200, OUTDATED)
    assert delivered(consumer) == ["pending", "complete"]


def test_an_older_save_waits_for_an_unknown_outcome(consumer):
    consumer.target_response = LOST
    assert consumer.deliver(order("complete", 2))[0] == 500
    consumer.target_response = reply(202)

    assert consumer.deliver(order("pending", 1))[0] == 503
    assert consumer.deliver(order("complete", 2))[0] == 200
    assert consumer.deliver(order("pending", 1))[0] == 200
    assert delivered(consumer) == ["complete", "complete"]


@pytest.mark.parametrize("response", [REJECTION, NO_EFFECT])
def test_what_had_no_effect_outdates_nothing(consumer, response):
    consumer.target_response = response
    consumer.deliver(order("complete", 2))
    consumer.target_response = reply(202)

    assert consumer.deliver(order("pending", 1))[0] == 200
    assert delivered(consumer)[-1] == "pending"


def test_an_invalid_value_is_rejected_before_the_webhook(consumer):
    status, body = consumer.deliver(push({"status": "x"}, UPDATED))

    assert (status, body["error"]["statusCode"]) == (200, 400)
    assert consumer.webhooks == []
    assert len(consumer.dead_letters.stored) == 1
