"""Publishing when Pub/Sub fails, is slow, restarts or is not there."""

import asyncio
import time
from datetime import UTC, datetime

import grpc
import pytest

from functions.consumer.dead_letter_topic import dead_letter_attributes
from functions.consumer.push import Push
from functions.events.message import Message
from functions.pubsub.endpoint import Endpoint, endpoint, topic_path
from functions.pubsub.errors import MessageTooLarge, PublishFailed
from functions.pubsub.publisher import (
    MAX_REQUEST_BYTES,
    Publisher,
    PublishRequest,
    PubsubMessage,
    fill,
    split,
)
from tests.support import running
from tests.support.ingest_app import event, post
from tests.support.ingest_pubsub import HANG_SECONDS, FakePubSub
from tests.support.ingest_server import ingest

MESSAGE = Message(b"{}", {"ce-id": "1"}, "product:A")
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


def publisher(address: str, timeout_seconds: float = 5) -> Publisher:
    return Publisher("p", Endpoint(address, True), timeout_seconds)


def result_of_publish(address: str, timeout_seconds: float = 5) -> str:
    """The message id, or the name of the status."""

    async def publish():
        try:
            return await publisher(address, timeout_seconds).publish("t", MESSAGE)
        except PublishFailed as error:
            return error.code

    return asyncio.run(publish())


def publish_in_order(address: str, messages: list[Message]) -> list:
    """Ids, names of statuses, and exceptions."""

    async def publish():
        client = publisher(address)
        return await client.publish_in_order("t", messages, client.deadline())

    return [
        one.code if isinstance(one, PublishFailed) else one
        for one in asyncio.run(publish())
    ]


def of_uids(*uids: str, size: int = 2) -> list[Message]:
    return [Message(b"x" * size, {"ce-id": uid}, "product:A") for uid in uids]


def test_messages_of_one_key_share_a_request():
    with FakePubSub() as pubsub:
        assert publish_in_order(pubsub.address, of_uids("a", "b", "a")) == [
            *("1", "2", "3")
        ]

    [request] = pubsub.requests
    sent = [message.attributes["ce-id"] for message in request.messages]
    assert sent == ["a", "b", "a"]


def test_requests_stay_within_pubsubs_limits():
    messages = of_uids(*map(str, range(1001)))
    with FakePubSub() as pubsub:
        ids = publish_in_order(pubsub.address, messages)
        assert [len(request.messages) for request in pubsub.requests] == [1000, 1]
        assert ids == [str(n) for n in range(1, 1002)]


def test_a_request_is_split_at_10_mb():
    encoded = [
        fill(PubsubMessage(), message) for message in of_uids(*"abc", size=4_000_000)
    ]

    chunks = list(split(encoded))

    assert [len(chunk) for chunk in chunks] == [2, 1]
    for chunk in chunks:
        request = PublishRequest(topic="projects/p/topics/t", messages=chunk)
        assert request.ByteSize() <= MAX_REQUEST_BYTES


def test_only_the_message_over_10_mb_is_left_out():
    [small] = of_uids("a")
    [large] = of_uids("b", size=10_000_000)
    with FakePubSub() as pubsub:
        first, rejected, last = publish_in_order(pubsub.address, [small, large, small])

    assert (first, last) == ("1", "2")
    assert isinstance(rejected, MessageTooLarge)


def test_nothing_is_published_after_a_failure():
    messages = of_uids(*map(str, range(1001)))
    with FakePubSub() as pubsub:
        pubsub.failures.append(grpc.StatusCode.PERMISSION_DENIED)
        results = publish_in_order(pubsub.address, messages)

    assert results == ["PERMISSION_DENIED"] * 1001
    assert (len(pubsub.requests), pubsub.published) == (1, [])


def test_nothing_is_tried_after_the_deadline():
    async def publish(client: Publisher):
        return await client.publish_in_order("t", of_uids("a"), client.deadline() - 9)

    with FakePubSub() as pubsub:
        [failure] = asyncio.run(publish(publisher(pubsub.address)))

    assert failure.code == "DEADLINE_EXCEEDED"
    assert pubsub.published == []


def test_a_message_is_published_completely():
    with FakePubSub() as pubsub:
        assert result_of_publish(pubsub.address) == "1"

    [(topic, message)] = pubsub.published
    assert topic == "projects/p/topics/t"
    assert message.data == MESSAGE.data
    assert dict(message.attributes) == MESSAGE.attributes
    assert message.ordering_key == MESSAGE.ordering_key


def test_the_limit_leaves_room_for_a_dead_letter():
    """A rejected event must fit into the dead-letter topic with its reason."""
    push = Push(b"", {}, "", "m" * 64, "s" * 2000, 100, "")
    added = dead_letter_attributes(push, 400, "r" * 2000, datetime.now(UTC))
    size = sum(len(name) + len(value) for name, value in added.items())

    assert MAX_REQUEST_BYTES + size < 10_000_000


def test_a_message_over_10_mb_is_not_sent():
    """Data, attributes and names count; at the limit only the connection fails."""

    def publish(size: int) -> None:
        message = Message(b"x" * size, {"ce-id": "i" * 1000}, "product:A")
        asyncio.run(publisher("127.0.0.1:1", 0.2).publish("t", message))

    overhead = len("projects/p/topics/t") + len("ce-id") + 1000 + len("product:A")
    with pytest.raises(MessageTooLarge):
        publish(MAX_REQUEST_BYTES + 1 - overhead)
    with pytest.raises(PublishFailed):
        publish(MAX_REQUEST_BYTES - overhead - 50)


TEMPORARY = (
    *(grpc.StatusCode.ABORTED, grpc.StatusCode.CANCELLED, grpc.StatusCode.INTERNAL),
    *(grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED),
    *(UNAVAILABLE, grpc.StatusCode.UNKNOWN),
)
PERMANENT = (
    *(grpc.StatusCode.NOT_FOUND, grpc.StatusCode.PERMISSION_DENIED),
    *(grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION),
)


def test_temporary_statuses_are_retried_four_times():
    """Permanent ones are not. All are published to at once, because retries wait."""

    async def result_and_requests(failures: list[grpc.StatusCode]) -> tuple[str, int]:
        with FakePubSub() as pubsub:
            pubsub.failures += failures
            try:
                result = await publisher(pubsub.address).publish("t", MESSAGE)
            except PublishFailed as error:
                result = error.code
            return result, len(pubsub.requests)

    async def results() -> dict[str, tuple[str, int]]:
        cases = {f"{code.name} twice": [code] * 2 for code in TEMPORARY + PERMANENT}
        cases["UNAVAILABLE always"] = [UNAVAILABLE] * 20
        return dict(
            zip(
                cases,
                await asyncio.gather(*map(result_and_requests, cases.values())),
                strict=True,
            )
        )

    assert asyncio.run(results()) == {
        **{f"{code.name} twice": ("1", 3) for code in TEMPORARY},
        **{f"{code.name} twice": (code.name, 1) for code in PERMANENT},
        "UNAVAILABLE always": ("UNAVAILABLE", 5),
    }


def test_a_call_without_response_ends_at_the_deadline():
    with FakePubSub() as pubsub:
        pubsub.hangs = True
        start = time.monotonic()

        assert result_of_publish(pubsub.address, 0.5) == "DEADLINE_EXCEEDED"
        assert time.monotonic() - start < HANG_SECONDS


def test_a_rejected_connection_fails_before_the_deadline():
    # At the deadline it would be DEADLINE_EXCEEDED.
    assert result_of_publish(f"127.0.0.1:{running.free_port()}", 20) == "UNAVAILABLE"


def test_a_channel_reconnects_after_a_reset():
    """The server is killed under load and restarted; the channel is the same."""

    async def outcomes(client: Publisher, count: int, seconds: float = 5) -> set[str]:
        deadline = asyncio.get_running_loop().time() + seconds
        results = await asyncio.gather(
            *(client.publish_in_order("t", [MESSAGE], deadline) for _ in range(count))
        )
        return {"stored" if isinstance(one, str) else one.code for [one] in results}

    async def kill_and_restart():
        first = FakePubSub()
        with first:
            client = publisher(first.address)
            assert await outcomes(client, 32) == {"stored"}
            in_flight = asyncio.create_task(outcomes(client, 32, seconds=0.5))
            await asyncio.sleep(0)
            await asyncio.to_thread(first.stop)
            failures = {"UNAVAILABLE", "DEADLINE_EXCEEDED"}
            assert await in_flight <= {"stored", *failures}
        # Within gRPC's first second, after which it connects again.
        assert await outcomes(client, 4, seconds=0.3) <= failures
        with FakePubSub(first.port) as second:
            end = time.monotonic() + 15
            while await outcomes(client, 1, seconds=1) != {"stored"}:
                assert time.monotonic() < end
            assert await outcomes(client, 32) == {"stored"}
            assert len(second.published) == 33

    asyncio.run(kill_and_restart())


def test_a_channel_belongs_to_its_loop():
    with FakePubSub() as pubsub:
        client = publisher(pubsub.address)

        assert asyncio.run(client.publish("t", MESSAGE)) == "1"
        assert asyncio.run(client.publish("t", MESSAGE)) == "2"


def test_ingest_is_a_503_at_the_deadline_and_recovers():
    with FakePubSub() as pubsub:
        with ingest(pubsub.address, PUBLISH_TIMEOUT_SECONDS="1") as client:
            pubsub.hangs = True
            start = time.monotonic()
            response = post(client, event())
            seconds = time.monotonic() - start

            assert (response.status_code, response.headers["retry-after"]) == (503, "5")
            assert seconds < HANG_SECONDS
            pubsub.hangs = False
            assert post(client, event()).status_code == 200


@pytest.mark.parametrize(
    ("emulator", "configured", "expected"),
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
def test_the_endpoint_of_pubsub(emulator, configured, expected):
    assert endpoint(emulator, configured) == expected


def test_a_full_topic_name_is_kept():
    assert topic_path("p", "t") == "projects/p/topics/t"
    assert topic_path("p", "projects/q/topics/t") == "projects/q/topics/t"


def test_a_response_without_a_message_id_is_a_503(pubsub):
    pubsub.omits_ids = True
    with ingest(pubsub.address) as client:
        assert post(client, event()).status_code == 503
