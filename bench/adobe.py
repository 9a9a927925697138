"""Deliveries of Adobe I/O Events for a contest, and the host of their public key."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bench.load import post
from local.commerce.event_signature import SigningKey, signature_headers

CLIENT_ID = "client-of-the-bench"


def delivery(key: SigningKey, number: int, sku: str) -> bytes:
    """The request that delivers a saved product, signed twice as Adobe does."""
    event = {
        "specversion": "1.0",
        "id": f"cloud-event-{number}",
        "eventid": f"event-{number}",
        "recipientclientid": CLIENT_ID,
        "source": "urn:uuid:bench",
        "type": "com.adobe.commerce.observer.catalog_product_save_commit_after",
        "datacontenttype": "application/json",
        "time": "2026-03-02T08:15:01.250Z",
        "data": {
            "key": "bench",
            "value": {
                "id": number,
                "sku": sku,
                "name": "Desk lamp",
                "price": "49.900000",
                "description": "Aluminium, with a dimmer.",
                "created_at": "2026-03-02 08:15:00",
                "updated_at": "2026-03-02 08:15:00",
            },
            "source": "bench",
            "_metadata": {"commerceEdition": "Adobe Commerce", "storeId": "1"},
        },
    }
    content = json.dumps(event).encode()
    headers = signature_headers(content, [key, key])
    lines = [f"{name}: {value}" for name, value in headers.items()]
    return post(content, "Content-Type: application/json; charset=utf-8", *lines)


@contextmanager
def key_host(key: SigningKey) -> Iterator[str]:
    """Adobe's host of public keys on 127.0.0.1; yields its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(key.pem)))
            self.end_headers()
            self.wfile.write(key.pem)

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
