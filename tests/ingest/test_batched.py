"""What requests log is written in few calls, and never later than it may be."""

import asyncio
import json

import pytest

from functions.ingest.batched import Batched
from functions.log import Log

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
