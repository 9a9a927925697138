"""Deliveries as Adobe I/O Events makes them, and the receiver in this process."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from functions.commerce_events.fetching import FetchFailed
from functions.commerce_events.public_keys import PublicKeys
from functions.commerce_events.receiver import CommerceEvents
from functions.commerce_events.registration import Registrations
from functions.commerce_events.settings import CommerceEventsSettings
from functions.log import Logger
from functions.settings import from_environment
from functions.tracing import Off
from local.commerce.event_signature import SigningKey, signature_headers

PREFIX = "com.adobe.commerce."
PRODUCT = "observer.catalog_product_save_commit_after"
CLIENT_ID = "client-0123456789"
PROVIDER = "0b1f2c3d-1111-4222-8333-444455556666"
VALUE = {"sku": "Lamp 2", "created_at": "2026-03-02 08:15:00", "_isNew": False}
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]


@cache
def signing_keys() -> tuple[SigningKey, SigningKey]:
    """Adobe's; making a key takes a tenth of a second."""
    return SigningKey(), SigningKey()


def delivery(
    source: str = PRODUCT, value: Any = VALUE, uid: str = "e-1", **fields: Any
) -> dict[str, Any]:
    """One event in a delivery's body; a field that is None is left out."""
    event = {
        "specversion": "1.0",
        "id": "cloud-event-id",
        "source": f"urn:uuid:{PROVIDER}",
        "type": PREFIX + source,
        "datacontenttype": "application/json",
        "time": "2026-03-09T14:02:31.5Z",
        "eventid": uid,
        "recipientclientid": CLIENT_ID,
        "data": {"key": "k", "value": value, "source": "", "_metadata": {}},
        **fields,
    }
    return {name: field for name, field in event.items() if field is not None}


class FakeKeyHost:
    """Stands in for Adobe's host of public keys.

    Attributes:
        fetched: every URL that was asked for.
        failure: fails every fetch while it is set.
    """

    def __init__(self) -> None:
        self.fetched: list[str] = []
        self.failure: str | None = None
        self._pems = {key.path: key.pem for key in signing_keys()}

    def fetch(self, url: str, max_bytes: int, timeout_seconds: float) -> bytes:
        self.fetched.append(url)
        path = url.removeprefix("https://static.adobeioevents.com")
        if self.failure or path not in self._pems:
            raise FetchFailed(self.failure or "the response was 404")
        return self._pems[path]


@contextmanager
def receiver_client(
    publisher,
    host: FakeKeyHost | None = None,
    write: Callable[[bytes], Any] = bytes,
    fetch_validation: Callable[[str, int, float], bytes] = lambda *_: b"",
    deadline_seconds: float = 5.0,
    **environment: str,
) -> Iterator[TestClient]:
    """A client of the receiver under *environment* alone.

    Args:
        write: receives log entries.
    """
    settings = from_environment(
        CommerceEventsSettings,
        {"GOOGLE_CLOUD_PROJECT": "p", "OAUTH_CLIENT_ID": CLIENT_ID, **environment},
    )
    receiver = CommerceEvents(
        settings,
        publisher,
        PublicKeys(settings.keys_url, (host or FakeKeyHost()).fetch),
        Registrations(fetch_validation),
        Logger(settings.log_level, settings.project, write),
        Off(),
        deadline_seconds,
    )
    route = Route("/{path:path}", receiver.respond, methods=METHODS)
    with TestClient(Starlette(routes=[route])) as client:
        yield client


def deliver(client, body: Any, **headers: str):
    """POST *body* (bytes, or anything as JSON), signed as Adobe does."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = signature_headers(content, signing_keys())
    return client.post("/", content=content, headers={**signed, **headers})


@contextmanager
def key_server() -> Iterator[str]:
    """A host of public keys on 127.0.0.1; yields its URL."""
    pems = {key.path: key.pem for key in signing_keys()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            pem = pems.get(self.path)
            self.send_response(200 if pem else 404)
            self.send_header("Content-Length", str(len(pem or b"")))
            self.end_headers()
            self.wfile.write(pem or b"")

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
