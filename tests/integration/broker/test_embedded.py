"""The broker inside another program: what it observes, counts and withstands."""

import asyncio
import logging
import sqlite3
from dataclasses import replace

import pytest

from local.broker import Broker, CannotListen, Stats, Undelivered, pubsub_pb2
from tests.support.broker_embedded import EmbeddedBroker
from tests.support.broker_endpoint import Endpoint

ATTRIBUTES = {"ce-id": "u1", "ce-type": "be-observer.x", "entity": "product"}
LABELS = {"event": "be-observer.x", "entity": "product", "uid": "u1"}


def _db(path=":memory:") -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


async def test_it_observes_each_stage_with_its_labels():
    stages = []
    statuses = iter([500, 500, 500, 500, 500, 200])
    with Endpoint(lambda push: next(statuses)) as endpoint:
        async with EmbeddedBroker(
            observe=lambda stage, **labels: stages.append((stage, labels))
        ) as embedded:
            dead = await embedded.topic("dead")
            topic = await embedded.topic("alive")
            subscription = await embedded.subscription(
                topic, endpoint.url, dead_letter_topic=dead
            )
            number = await embedded.publish(topic, **ATTRIBUTES)
            await embedded.until(lambda: len(stages) >= 13)
    # The message is dead-lettered; the dead letter is published in its turn.
    dead_letter = stages[-1][1]["message_id"]
    waits = [
        labels.pop("next_attempt") is not None
        for stage, labels in stages
        if stage == "answered"
    ]
    for _, labels in stages:
        labels.pop("ms", None)
    data = {labels.pop("data") for stage, labels in stages if stage == "published"}
    common = {"subscription": subscription, "message_id": number, **LABELS}
    expected = [("published", {"topic": topic, "message_id": number, **LABELS})]
    for attempt in range(1, 6):
        labels = {**common, "attempt": attempt}
        expected.append(("pushed", labels))
        expected.append(("answered", {**labels, "status": 500, "error": None}))
    expected.append(("dead-lettered", {**common, "attempt": 5}))
    expected.append(("published", {"topic": dead, "message_id": dead_letter, **LABELS}))
    assert stages == expected
    assert (data, waits) == ({b"x"}, [True, True, True, True, False])


async def test_a_nacked_push_is_observed_with_its_next_attempt():
    now = 1_800_000_000.0
    answers = []
    with Endpoint(lambda push: 503) as endpoint:
        async with EmbeddedBroker(
            observe=lambda stage, **labels: answers.append((stage, labels)),
            clock=lambda: now,
        ) as embedded:
            topic = await embedded.topic()
            subscription = await embedded.subscription(topic, endpoint.url)
            number = await embedded.publish(topic, a="b")
            await embedded.until(lambda: answers[-1:] and answers[-1][0] == "answered")
            [undelivered] = embedded.broker.undelivered(subscription)
    assert answers[-1][1]["next_attempt"] == pytest.approx(now + 0.02)
    assert undelivered.next_attempt == pytest.approx(now + 0.02)
    assert replace(undelivered, next_attempt=None) == Undelivered(
        number, {"a": "b"}, "retrying", 1, None
    )


async def test_it_lists_what_is_undelivered():
    now = 1_800_000_000.0
    async with EmbeddedBroker(clock=lambda: now) as embedded:
        topic = await embedded.topic()
        subscription = await embedded.subscription(topic)
        first = await embedded.publish(topic)
        await embedded.pull(subscription, 1)
        second = await embedded.publish(topic, a="b")
        assert embedded.broker.undelivered(subscription) == [
            Undelivered(first, {}, "in flight", 1, None),
            Undelivered(second, {"a": "b"}, "waiting", 0, now),
        ]
        assert len(embedded.broker.undelivered(subscription, limit=1)) == 1
        assert embedded.broker.undelivered("projects/p/subscriptions/none") == []


async def test_a_push_without_a_response_is_observed_as_an_error():
    stages = []
    with Endpoint() as endpoint:
        url = endpoint.url
    async with EmbeddedBroker(
        observe=lambda stage, **labels: stages.append((stage, labels))
    ) as embedded:
        topic = await embedded.topic()
        await embedded.subscription(topic, url)
        await embedded.publish(topic)
        await embedded.until(lambda: len(stages) >= 3)
    stage, labels = stages[2]
    answer = (stage, labels["status"], labels["error"], labels["attempt"])
    assert answer == ("answered", None, "ConnectionRefusedError", 1)


async def test_an_observer_that_fails_disturbs_nothing(caplog):
    def observe(stage, **labels):
        raise RuntimeError(stage)

    with Endpoint() as endpoint:
        async with EmbeddedBroker(observe=observe) as embedded:
            topic = await embedded.topic()
            await embedded.subscription(topic, endpoint.url)
            number = await embedded.publish(topic)
            await embedded.until(lambda: endpoint.ids() == [number])
            await embedded.until(lambda: embedded.only_stats() == Stats())
    assert {r.levelno for r in caplog.records} == {logging.ERROR}


async def test_it_counts_what_waits():
    now = [1_800_000_000.0]
    async with EmbeddedBroker(clock=lambda: now[0]) as embedded:
        topic = await embedded.topic()
        subscription = await embedded.subscription(topic)
        assert embedded.broker.stats() == {subscription: Stats()}
        for _ in range(3):
            await embedded.publish(topic)
        now[0] += 7.5
        await embedded.pull(subscription, 1)
        assert embedded.broker.stats() == {subscription: Stats(3, 1, 7.5)}


async def test_unacknowledged_messages_are_dropped_after_retention():
    """Ten minutes pass in a fifth of a second here."""
    db = _db()
    async with EmbeddedBroker(db, speed=3000) as embedded:
        topic = await embedded.topic()
        await embedded.subscription(topic, retention=600)
        kept = await embedded.subscription(topic)
        await embedded.publish(topic)
        await embedded.until(
            lambda: (
                sorted(s.undelivered for s in embedded.broker.stats().values())
                == [0, 1]
            )
        )
        await embedded.broker.stop()
    assert embedded.stats_at_stop[kept].undelivered == 1


async def test_a_held_broker_pushes_nothing_until_it_is_released():
    with Endpoint() as endpoint:
        async with EmbeddedBroker(held=True) as embedded:
            topic = await embedded.topic()
            await embedded.subscription(topic, endpoint.url)
            number = await embedded.publish(topic)
            await asyncio.sleep(0.1)
            assert endpoint.pushes == []
            embedded.broker.release()
            await embedded.until(lambda: endpoint.ids() == [number])


async def test_acknowledged_messages_leave_nothing_behind():
    db = _db()
    with Endpoint() as endpoint:
        async with EmbeddedBroker(db) as embedded:
            topic = await embedded.topic()
            await embedded.subscription(topic, endpoint.url)
            for _ in range(10):
                await embedded.publish(topic)
            await embedded.until(lambda: embedded.only_stats() == Stats())
    counts = [
        db.execute(f"SELECT count(*) FROM broker_{table}").fetchone()[0]  # noqa: S608 two words of ours
        for table in ("message", "delivery")
    ]
    assert counts == [0, 0]


async def test_a_subscription_deleted_takes_its_messages_with_it():
    db = _db()
    async with EmbeddedBroker(db) as embedded:
        topic = await embedded.topic()
        subscription = await embedded.subscription(topic)
        await embedded.publish(topic)
        request = pubsub_pb2.DeleteSubscriptionRequest(subscription=subscription)
        await embedded.call("Subscriber/DeleteSubscription", request)
    assert db.execute("SELECT count(*) FROM broker_message").fetchone() == (0,)


async def test_it_recovers_when_the_file_can_be_written_again(tmp_path):
    """Another program holds the file: nothing is answered that is not stored."""
    path = tmp_path / "state.sqlite"
    db = sqlite3.connect(path, isolation_level=None, timeout=0)
    other = sqlite3.connect(path, isolation_level=None)
    async with EmbeddedBroker(db) as embedded:
        topic = await embedded.topic()
        subscription = await embedded.subscription(topic)
        other.execute("BEGIN IMMEDIATE")
        request = pubsub_pb2.PublishRequest(topic=topic, messages=[{"data": b"x"}])
        status = await embedded.status("Publisher/Publish", request)
        other.execute("COMMIT")
        number = await embedded.publish(topic)
        [received] = await embedded.pull(subscription, 10)
    other.close()
    assert (status, received.message.message_id) == ("UNAVAILABLE", number)


async def test_a_port_in_use_is_an_error():
    async with EmbeddedBroker() as embedded:
        port = int(embedded.address.rpartition(":")[2])
        with pytest.raises(CannotListen, match="in use"):
            await Broker(_db()).start("127.0.0.1", port)


async def test_it_can_be_stopped_twice_and_before_it_started():
    broker = Broker(_db())
    await broker.stop()
    await broker.start()
    await broker.stop()
    await broker.stop()


@pytest.mark.parametrize("wrong", [{"speed": 0}, {"window": 0}], ids=str)
def test_an_option_out_of_range_is_an_error(wrong):
    with pytest.raises(ValueError, match="speed must be above 0"):
        Broker(_db(), **wrong)
