"""Pushes over HTTP: which responses count, and which connections are kept."""

import asyncio
import contextlib

import pytest

from tests.support.broker_embedded import EmbeddedBroker

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 500 E\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"


class Scripted:
    """A server that answers each request with the next of some bytes.

    None closes the connection instead. After a response it stays open unless the
    response has ``close`` in it.

    Attributes:
        connections: how many were opened.
    """

    def __init__(self, *responses: bytes | None) -> None:
        self._responses = iter(responses)
        self._serving: set[asyncio.Task] = set()
        self.connections = 0

    async def _serve(self, reader, writer) -> None:
        self._serving.add(asyncio.current_task())
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = head.partition(b"content-length: ")[2].split()[0]
                await reader.readexactly(int(length))
                response = next(self._responses)
                if response is None:
                    break
                writer.write(response)
                await writer.drain()
                if b"close" in response:
                    break
        writer.close()

    @contextlib.asynccontextmanager
    async def running(self):
        """The URL it listens at."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            yield f"http://127.0.0.1:{port}/"
        async with asyncio.timeout(5):
            await asyncio.gather(*self._serving)


async def _statuses(scripted: Scripted, count: int) -> list[int | str]:
    """The status of each push, or its error."""
    answers: list[int | str] = []

    def observe(stage: str, **labels) -> None:
        if stage == "answered":
            answers.append(labels["status"] or labels["error"])

    async with scripted.running() as url:
        async with EmbeddedBroker(observe=observe) as embedded:
            topic = await embedded.topic()
            await embedded.subscription(topic, url)
            await embedded.publish(topic)
            await embedded.until(lambda: len(answers) == 1)
            if answers == [200]:
                await embedded.publish(topic)
            await embedded.until(lambda: len(answers) == count)
    return answers


async def test_a_connection_is_kept_for_the_next_push():
    scripted = Scripted(CHUNKED, b"HTTP/1.1 500 E\r\nContent-Length: 0\r\n\r\n", OK)
    assert await _statuses(scripted, 3) == [500, 500, 200]
    assert scripted.connections == 1


@pytest.mark.parametrize(
    ("response", "status"),
    [
        pytest.param(
            b"HTTP/1.1 103 Early Hints\r\nLink: x; close\r\n\r\n" + OK,
            200,
            id="after early hints",
        ),
        pytest.param(
            b"HTTP/1.1 503 E\r\nConnection: close\r\n\r\nuntil the end",
            503,
            id="until it closes",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + b"x" * 70_000,
            200,
            id="a long body, not read to its end",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nx",
            200,
            id="cut short after its status",
        ),
        pytest.param(
            b"HTTP/1.1 102 Processing\r\nConnection: close\r\n\r\n",
            "ServerDisconnectedError",
            id="processing is not final",
        ),
        pytest.param(None, "ServerDisconnectedError", id="closed without a response"),
        pytest.param(b"nonsense close\r\n\r\n", "ClientResponseError", id="not HTTP"),
    ],
)
async def test_a_response_counts_by_its_final_status(response, status):
    assert await _statuses(Scripted(response, OK), 2) == [status, 200]
