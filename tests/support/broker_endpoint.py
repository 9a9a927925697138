"""An HTTP endpoint for pushes with the answers of a test."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECONDS = 20


class Endpoint:
    """Listens on a free port, or a given one.

    Args:
        answer: status for each push; gets its JSON body.

    Attributes:
        pushes: bodies, in the order of arrival.
        times: of arrival, in seconds.
        headers: of each push.
    """

    def __init__(
        self, answer: Callable[[dict], int] = lambda push: 204, port: int = 0
    ) -> None:
        self.answer = answer
        self.pushes: list[dict] = []
        self.times: list[float] = []
        self.headers: list[dict] = []
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}/push?a=b"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def __enter__(self) -> "Endpoint":
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def add(self, push: dict, headers: dict) -> None:
        """Remember a push."""
        with self._changed:
            self.pushes.append(push)
            self.times.append(time.monotonic())
            self.headers.append(headers)
            self._changed.notify_all()

    def wait(self, count: int, seconds: float = SECONDS) -> list[dict]:
        """The pushes, once there are *count*; what there is if that takes long."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.pushes) >= count, seconds)
            return list(self.pushes)

    def ids(self) -> list[str]:
        """The pushes' message ids."""
        return [push["message"]["messageId"] for push in self.pushes]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A broker that was killed breaks its connections: no message."""


def _handler(endpoint: Endpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            push = json.loads(body)
            endpoint.add(push, {**dict(self.headers), ":path": self.path})
            status = endpoint.answer(push)
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    return Handler
