"""A webhook that keeps what Adobe, or its stand-in, delivers."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

WAIT_SECONDS = 10


class Delivery(NamedTuple):
    """One request."""

    headers: dict[str, str]
    content: bytes

    @property
    def events(self) -> list[dict[str, Any]]:
        parsed = json.loads(self.content)
        return parsed if isinstance(parsed, list) else [parsed]


class Webhook:
    """``with Webhook() as webhook``; it listens on 127.0.0.1.

    Attributes:
        deliveries: every request.
        statuses: of the next responses; 200 where there is none.
    """

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.statuses: list[int] = []
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                content = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): text for name, text in self.headers.items()}
                webhook.deliveries.append(Delivery(headers, content))
                status = webhook.statuses.pop(0) if webhook.statuses else 200
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event that was delivered."""
        return [event for one in list(self.deliveries) for event in one.events]

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition* holds."""
        end = time.monotonic() + WAIT_SECONDS
        while not condition():
            assert time.monotonic() < end, self.deliveries
            time.sleep(0.005)

    def __enter__(self) -> "Webhook":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
