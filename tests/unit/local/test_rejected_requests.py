"""Bodies of rejected requests are recorded, each with the id of its log entries."""

import asyncio
import json

from functions.log import Logger
from local import rejected_requests
from local.rejected_requests import record_rejections


class Server:
    """An app around which rejections are recorded; it logs one entry per request."""

    def __init__(
        self, status: int = 400, response: bytes = b'{"error": "No."}'
    ) -> None:
        self.lines: list[dict] = []
        self._status, self._response = status, response
        self._log = Logger(write=self._write)
        self._app = record_rejections(self._respond, self._explain, self._write)

    def _write(self, line: bytes) -> None:
        self.lines.append(json.loads(line))

    def _explain(self, headers, body) -> str:
        return f"sent by {headers['user-agent']}"

    async def _respond(self, scope, receive, send) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body += message["body"]
            more = message["more_body"]
        await asyncio.sleep(0)  # another request may be served in between
        self._log.info(body.decode(errors="replace")[:40])
        await send({"type": "http.response.start", "status": self._status})
        await send({"type": "http.response.body", "body": self._response})

    async def post(self, *chunks: bytes, method: str = "POST") -> None:
        messages = iter(
            {"type": "http.request", "body": chunk, "more_body": at < len(chunks)}
            for at, chunk in enumerate(chunks, 1)
        )

        async def receive():
            return next(messages)

        async def send(message):
            pass

        headers = [(b"user-agent", b"test")]
        scope = {"type": "http", "method": method, "headers": headers}

        await self._app(scope, receive, send)


async def test_each_body_has_the_id_of_its_own_log_entry():
    server = Server()

    await asyncio.gather(*(server.post(b"body-%d" % number) for number in range(50)))

    logged = {e["request"]: e["message"] for e in server.lines if "message" in e}
    recorded = {e["message_id"]: e["body"] for e in server.lines if "body" in e}
    assert len(recorded) == 50
    assert recorded == logged


async def test_a_record_has_ingests_response():
    server = Server()
    await server.post(b"{", b'"data": 1}')

    [record] = [line for line in server.lines if "body" in line]

    assert record.pop("message_id")
    assert record == {
        "stage": "request",
        "component": "request",
        "status": 400,
        "body": '{"data": 1}',
        "body_bytes": 11,
        "hint": None,
        "response": {"error": "No."},
    }


async def test_only_a_401_is_explained():
    server = Server(401)
    await server.post(b"{}")

    assert server.lines[-1]["hint"] == "sent by test"


async def test_accepted_requests_and_other_methods_are_not_recorded():
    accepted, read = Server(200), Server(404)
    await accepted.post(b"{}")
    await read.post(b"", method="GET")

    assert all("body" not in line for line in (*accepted.lines, *read.lines))


async def test_a_body_is_bounded_and_holds_no_token(monkeypatch):
    monkeypatch.setattr(rejected_requests, "MAX_BODY_BYTES", 40)
    server = Server(401, b"not JSON")
    await server.post(b'{"token" : "se\\"cret", ', b'"data": "' + b"x" * 100)

    [record] = [line for line in server.lines if "body" in line]

    assert record["body"].startswith('{"token" : "(not recorded)", "data": "x')
    assert "x" * 20 not in record["body"]
    assert record["body_bytes"] == 132
    assert record["response"] is None
