"""Publishing when Pub/Sub is away, slow, restarted or in a bad mood."""

import asyncio
import time

import grpc
import pytest

from functions.events.message import Message
from functions.ingest.publisher import Publisher, PublishFailed
from functions.pubsub.endpoint import Endpoint, endpoint, topic_path
from tests import running
from tests.ingest.pubsub import HANGS_SECONDS, PubSub
from tests.ingest.served import event, ingest, post

MESSAGE = Message(b"{}", {"ce-id": "1"}, "product:A")
BUSY = grpc.StatusCode.UNAVAILABLE


def publisher(address: str, timeout_seconds: float = 5) -> Publisher:
    return Publisher("p", Endpoint(address, True), timeout_seconds)


def published(address: str, timeout_seconds: float = 5) -> str:
    """One message published on a loop of its own: its id, or the status's name."""

    async def publish():
        try:
            return await publisher(address, timeout_seconds).publish("t", MESSAGE)
        except PublishFailed as error:
            return error.code

    return asyncio.run(publish())


def test_a_message_is_sent_whole():
    with PubSub() as pubsub:
        assert published(pubsub.address) == "1"

    [(topic, message)] = pubsub.stored
    assert topic == "projects/p/topics/t"
    assert message.data == MESSAGE.data
    assert dict(message.attributes) == MESSAGE.attributes
    assert message.ordering_key == MESSAGE.ordering_key


@pytest.mark.parametrize(
    "status",
    [
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.UNKNOWN,
    ],
)
def test_what_may_pass_is_tried_again(status):
    with PubSub() as pubsub:
        pubsub.fails += [status, status]

        assert published(pubsub.address) == "1"
    assert len(pubsub.requests) == 3


@pytest.mark.parametrize(
    "status",
    [
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.FAILED_PRECONDITION,
    ],
)
def test_what_will_not_pass_is_not_tried_again(status):
    with PubSub() as pubsub:
        pubsub.fails += [status, status]

        assert published(pubsub.address) == status.name
    assert len(pubsub.requests) == 1


def test_tries_end():
    with PubSub() as pubsub:
        pubsub.fails += [BUSY] * 20

        assert published(pubsub.address) == "UNAVAILABLE"
    assert len(pubsub.requests) == 5


def test_a_server_that_does_not_answer_is_given_up_at_the_deadline():
    with PubSub() as pubsub:
        pubsub.hangs = True
        began = time.monotonic()

        assert published(pubsub.address, 0.5) == "DEADLINE_EXCEEDED"
        assert time.monotonic() - began < HANGS_SECONDS


def test_nobody_listening_is_told_before_the_deadline():
    # Else it would be DEADLINE_EXCEEDED.
    assert published(f"127.0.0.1:{running.free_port()}", 20) == "UNAVAILABLE"


def test_a_channel_that_was_reset_is_used_again():
    """The server is killed under load and comes back; nobody makes a new channel."""

    async def outcomes(ours: Publisher, count: int) -> list[str]:
        told = await asyncio.gather(
            *(ours.publish("t", MESSAGE) for _ in range(count)), return_exceptions=True
        )
        return ["stored" if isinstance(one, str) else one.code for one in told]

    async def story():
        first = PubSub()
        with first:
            ours = publisher(first.address)
            assert await outcomes(ours, 32) == ["stored"] * 32
            under_way = asyncio.create_task(outcomes(ours, 32))
            await asyncio.sleep(0)
            await asyncio.to_thread(first.stop)
            assert set(await under_way) <= {"stored", "UNAVAILABLE"}
        assert set(await outcomes(ours, 4)) == {"UNAVAILABLE"}
        with PubSub(first.port) as second:
            end = time.monotonic() + 15
            while await outcomes(ours, 1) != ["stored"]:
                assert time.monotonic() < end
            assert await outcomes(ours, 32) == ["stored"] * 32
            assert len(second.stored) == 33

    asyncio.run(story())


def test_a_channel_belongs_to_its_loop():
    with PubSub() as pubsub:
        ours = publisher(pubsub.address)

        assert asyncio.run(ours.publish("t", MESSAGE)) == "1"
        assert asyncio.run(ours.publish("t", MESSAGE)) == "2"


def test_ingest_answers_503_within_the_deadline_and_recovers():
    with PubSub() as pubsub:
        with ingest(pubsub.address, PUBLISH_TIMEOUT_SECONDS="1") as client:
            pubsub.hangs = True
            began = time.monotonic()
            answer = post(client, event())
            seconds = time.monotonic() - began

            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert seconds < HANGS_SECONDS
            pubsub.hangs = False
            assert post(client, event()).status_code == 200


@pytest.mark.parametrize(
    ("emulator", "configured", "where"),
    [
        ("127.0.0.1:8085", "", Endpoint("127.0.0.1:8085", True)),
        (
            "127.0.0.1:8085",
            "europe-west3-pubsub.googleapis.com",
            Endpoint("127.0.0.1:8085", True),
        ),
        ("", "", Endpoint("pubsub.googleapis.com:443", False)),
        (
            "",
            "https://europe-west3-pubsub.googleapis.com/",
            Endpoint("europe-west3-pubsub.googleapis.com:443", False),
        ),
        (
            "",
            "europe-west3-pubsub.googleapis.com:443",
            Endpoint("europe-west3-pubsub.googleapis.com:443", False),
        ),
    ],
)
def test_where_pubsub_is(emulator, configured, where):
    assert endpoint(emulator, configured) == where


def test_a_full_topic_name_is_kept():
    assert topic_path("p", "t") == "projects/p/topics/t"
    assert topic_path("p", "projects/q/topics/t") == "projects/q/topics/t"
