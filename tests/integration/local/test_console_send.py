"""The Send form's post is authenticated as the stack's ingest requires it."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cli.credentials import local_credentials
from cli.deployment import Deployment
from functions.pubsub.endpoint import Endpoint
from functions.standard_webhooks import is_signed
from local.console.operations import Operations

SECRET = "whsec_" + "a2V5" * 8
BODY = b'{"data": {"uid": "u1"}}'


@pytest.fixture
def posts():
    """A server, and the headers and body of each post to it."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            content = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.headers, content))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", received
        server.shutdown()
        thread.join()


def test_the_send_form_signs_with_the_first_secret(posts):
    address, received = posts
    stack = {"ingest": address}
    deployment = Deployment("p", "commerce-", Endpoint("x", True), None, stack, None)
    environment = {"INGEST_AUTH": "hmac", "INGEST_HMAC_SECRETS": f"erp:{SECRET}"}

    response = Operations(deployment, local_credentials(environment)).post(
        BODY, "application/json"
    )

    assert response.status == 200
    [(headers, content)] = received
    assert content == BODY
    assert is_signed(SECRET, headers, content)
