"""What requests log is written in few calls, and never later than it may be."""

import asyncio
import json
import socket
import time

import pytest

from functions.ingest.batched import Batched
from functions.log import Log
from tests.ingest.pubsub import PubSub
from tests.ingest.served import event, process

pytestmark = pytest.mark.anyio


@pytest.fixture
def written():
    return []


@pytest.fixture
def lines(written):
    """Lines whose every write is told as the messages it held."""
    return Batched(
        lambda many: written.append(
            [json.loads(line)["message"] for line in many.splitlines()]
        )
    )


@pytest.fixture
def log(lines):
    return Log(write=lines)


def test_with_no_request_under_way_a_line_is_written_at_once(log, written):
    log.line("INFO", "a")
    log.line("INFO", "b")

    assert written == [["a"], ["b"]]


async def test_what_requests_log_is_written_before_the_last_is_answered(
    log, lines, written
):
    with lines:
        log.line("INFO", "a")
        with lines:
            log.line("INFO", "b")
        log.line("INFO", "c")
        assert written == []
    assert written == [["a", "b", "c"]]

    log.line("INFO", "d")
    assert written == [["a", "b", "c"], ["d"]]


async def test_a_request_that_fails_is_no_longer_under_way(log, lines, written):
    with pytest.raises(ZeroDivisionError), lines:
        _ = 1 / 0

    log.line("INFO", "a")
    assert written == [["a"]]


async def test_while_a_request_is_under_way_no_line_waits_long(log, lines, written):
    with lines:
        for one in "abc":
            log.line("INFO", one)
            async with asyncio.timeout(10):
                while [one] not in written:
                    await asyncio.sleep(0.001)

    assert written == [["a"], ["b"], ["c"]]


def test_a_loop_that_ended_keeps_no_line_of_the_next(log, lines, written):
    async def request(name: str) -> None:
        with lines:
            log.line("INFO", name)

    async def long_request() -> None:
        with lines:
            log.line("INFO", "b")
            async with asyncio.timeout(10):
                while ["b"] not in written:
                    await asyncio.sleep(0.001)

    asyncio.run(request("a"))  # over before its time
    asyncio.run(long_request())

    assert written == [["a"], ["b"]]


def test_no_line_is_lost_when_the_process_ends_while_requests_are_under_way():
    """Some callers wait for their answer, and one has hung up."""
    body = json.dumps(event(uid="u-1")).encode()
    head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    with PubSub() as pubsub:
        pubsub.hangs = True
        given = {"LOG_EXECUTION_ID": "true", "PUBLISH_TIMEOUT_SECONDS": "2"}
        with process(pubsub.address, **given) as server:
            callers = [socket.create_connection(server.address) for _ in range(4)]
            for caller in callers:
                caller.sendall(head.encode() + body)
            end = time.monotonic() + 20
            while len(pubsub.requests) < len(callers):
                assert time.monotonic() < end
                time.sleep(0.01)
            callers.pop().close()
            said = server.stop()
            answers = [caller.recv(65536) for caller in callers]
            for caller in callers:
                caller.close()

    assert [answer[:12] for answer in answers] == [b"HTTP/1.1 503"] * 3
    assert said.count(b'"event received"') == 4
    assert said.count(b'"Pub/Sub did not take the event: DEADLINE_EXCEEDED"') == 4
