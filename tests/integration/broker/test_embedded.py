"""The broker embedded another program: what it tells, counts, drops and withstands."""

import asyncio
import logging
import sqlite3

import pytest

from local.broker import Broker, CannotListen, Stats, pubsub_pb2
from tests.support.broker_endpoint import Endpoint
from tests.support.broker_embedded import EmbeddedBroker

pytestmark = pytest.mark.anyio
ATTRIBUTES = {"ce-id": "u1", "ce-type": "be-observer.x", "entity": "product"}
LABELS = {"event": "be-observer.x", "entity": "product", "uid": "u1"}


def _db(path=":memory:") -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


async def test_it_tells_each_stage_with_its_labels():
    told = []
    statuses = iter([500, 500, 500, 500, 500, 200])
    with Endpoint(lambda push: next(statuses)) as endpoint:
        async with EmbeddedBroker(
            observe=lambda *a, **k: told.append((*a, k))
        ) as embedded:
            dead = await embedded.topic("dead")
            topic = await embedded.topic("alive")
            subscription = await embedded.subscription(
                topic, endpoint.url, dead_letter_topic=dead
            )
            number = await embedded.publish(topic, **ATTRIBUTES)
            await embedded.until(lambda: len(told) >= 13)
    # The first message is dead-lettered; the dead letter is published in its turn.
    letter = told[-1][1]["message_id"]
    here = {"subscription": subscription, "message_id": number, **LABELS}
    for _, labels in told:
        labels.pop("ms", None)
    data = {labels.pop("data") for stage, labels in told if stage == "published"}
    expected = [("published", {"topic": topic, "message_id": number, **LABELS})]
    for attempt in range(1, 6):
        labels = {**here, "attempt": attempt}
        expected.append(("attempt", labels))
        expected.append(("delivered", {**labels, "status": 500, "error": None}))
    expected.append(("dead-lettered", {**here, "attempt": 5}))
    expected.append(("published", {"topic": dead, "message_id": letter, **LABELS}))
    assert told == expected
    assert data == {b"x"}


async def test_an_endpoint_that_does_not_answer_is_told_as_an_error():
    told = []
    with Endpoint() as endpoint:
        url = endpoint.url
    async with EmbeddedBroker(
        observe=lambda stage, **k: told.append((stage, k))
    ) as embedded:
        topic = await embedded.topic()
        await embedded.subscription(topic, url)
        await embedded.publish(topic)
        await embedded.until(lambda: len(told) >= 3)
    stage, labels = told[2]
    seen = (stage, labels["status"], labels["error"], labels["attempt"])
    assert seen == ("delivered", None, "ConnectionRefusedError", 1)


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


async def test_what_nobody_acknowledged_is_dropped_after_its_retention():
    """Ten minutes pass in a second here."""
    db = _db()
    async with EmbeddedBroker(db, speed=600) as embedded:
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


async def test_a_file_that_cannot_be_written_refuses_publishers_and_recovers(tmp_path):
    """Another program holds the file: nothing is answered that is not stored."""
    path = tmp_path / "state.sqlite"
    db = sqlite3.connect(path, isolation_level=None, timeout=0)
    other = sqlite3.connect(path, isolation_level=None)
    async with EmbeddedBroker(db) as embedded:
        topic = await embedded.topic()
        subscription = await embedded.subscription(topic)
        other.execute("BEGIN IMMEDIATE")
        request = pubsub_pb2.PublishRequest(topic=topic, messages=[{"data": b"x"}])
        refused = await embedded.refusal("Publisher/Publish", request)
        other.execute("COMMIT")
        number = await embedded.publish(topic)
        [received] = await embedded.pull(subscription, 10)
    other.close()
    assert (refused, received.message.message_id) == ("UNAVAILABLE", number)


async def test_a_port_in_use_is_said():
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
def test_what_makes_no_sense_is_refused_when_it_is_made(wrong):
    with pytest.raises(ValueError, match="speed is above 0, window at least 1"):
        Broker(_db(), **wrong)
