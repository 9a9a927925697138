"""Posting to an endpoint: what counts as a status, and which connection is kept."""

import asyncio
import contextlib

import pytest

from local.broker import http

pytestmark = pytest.mark.anyio
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Scripted:
    """A server that answers each request with the next of some bytes.

    None closes the connection instead; after an answer it stays open unless the answer
    says otherwise.

    Attributes:
        requests: what was sent to it, by connection.
    """

    def __init__(self, *answers: bytes | None) -> None:
        self._answers = iter(answers)
        self.requests: list[list[bytes]] = []
        self._serving: set[asyncio.Task] = set()

    async def _serve(self, reader, writer) -> None:
        self._serving.add(asyncio.current_task())
        requests: list[bytes] = []
        self.requests.append(requests)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.rpartition(b": ")[2])
                requests.append(head + await reader.readexactly(length))
                answer = next(self._answers)
                if answer is None:
                    break
                for byte in range(0, len(answer), 7):  # in pieces
                    writer.write(answer[byte : byte + 7])
                    await writer.drain()
                if b"close" in answer:
                    break
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    @contextlib.asynccontextmanager
    async def running(self):
        """The URL it listens at."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            yield f"http://127.0.0.1:{port}"
        async with asyncio.timeout(5):
            await asyncio.gather(*self._serving)


async def _statuses(scripted: Scripted, count: int, path: str = "/") -> list:
    client = http.Client()
    statuses = []
    async with scripted.running() as url:
        for _ in range(count):
            try:
                statuses.append(await client.post(url + path, {"A": "b"}, b"body"))
            except (OSError, ValueError) as error:
                statuses.append(type(error).__name__)
        client.close()
    return statuses


async def test_a_request_says_all_it_must():
    scripted = Scripted(OK)
    assert await _statuses(scripted, 1, "/a b/ä?q=1&r=ü") == [200]
    [[request]] = scripted.requests
    lines = request.decode().split("\r\n")
    assert lines[1].startswith("Host: 127.0.0.1:")
    assert [lines[0], *lines[2:]] == [
        "POST /a%20b/%C3%A4?q=1&r=%C3%BC HTTP/1.1",
        "A: b",
        "Content-Length: 4",
        "",
        "body",
    ]


async def test_a_connection_is_kept_for_the_next_request():
    scripted = Scripted(OK, OK, b"HTTP/1.1 204 No Content\r\n\r\n", OK)
    assert await _statuses(scripted, 4) == [200, 200, 204, 200]
    assert [len(requests) for requests in scripted.requests] == [4]


CHUNKED = b"HTTP/1.1 500 E\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "status", "connections"),
    [
        pytest.param(CHUNKED, 500, 1, id="in chunks"),
        pytest.param(HINTS + OK, 200, 1, id="after early hints"),
        pytest.param(b"HTTP/1.1 102 Processing\r\n\r\n", 102, 2, id="processing"),
        pytest.param(
            b"HTTP/1.1 503 E\r\nConnection: close\r\n\r\nuntil the end",
            503,
            2,
            id="until it closes",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + b"x" * 70_000,
            200,
            2,
            id="a long body, not read to its end",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nx",
            200,
            2,
            id="cut short after its status",
        ),
        pytest.param(
            b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            101,
            2,
            id="another protocol",
        ),
        pytest.param(None, "ConnectionResetError", 2, id="closed without an answer"),
        pytest.param(b"nonsense close\r\n\r\n", "ValueError", 2, id="not HTTP"),
    ],
)
async def test_an_answer_counts_by_its_status(answer, status, connections):
    scripted = Scripted(answer, OK)
    assert await _statuses(scripted, 2) == [status, 200]
    assert len(scripted.requests) == connections


async def test_a_connection_that_the_other_side_closed_is_not_used_again():
    scripted = Scripted(OK, OK)
    client = http.Client()
    async with scripted.running() as url:
        await client.post(url, {}, b"")
        [[kept]] = client._idle.values()
        kept.close()
        await asyncio.sleep(0)
        assert await client.post(url, {}, b"") == 200
        client.close()
    assert [len(requests) for requests in scripted.requests] == [1, 1]


async def test_an_endpoint_that_never_answers_can_be_given_up():
    async with asyncio.timeout(5):
        async with Scripted(b"HTTP/1.1 20").running() as url:
            client = http.Client()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await client.post(url, {}, b"")
            client.close()


async def test_nobody_listening_is_an_os_error():
    async with Scripted().running() as url:
        pass
    with pytest.raises(OSError, match="Connect call failed"):
        await http.Client().post(url, {}, b"")
