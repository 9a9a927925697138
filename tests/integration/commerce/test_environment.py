"""What the client reads from the environment: proxies and trusted certificates."""

import datetime
import ipaddress
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from functions.commerce.client import CommerceConnection
from functions.commerce.errors import Unavailable
from tests.support.commerce_adapter import PAAS, commerce_settings
from tests.support.commerce_server import RecordingServer, raw_response
from tests.support.commerce_signatures import is_signed


def connection_at(url: str) -> CommerceConnection:
    return CommerceConnection(
        commerce_settings({**PAAS, "COMMERCE_BASE_URL": f"{url}/rest"})
    )


@pytest.fixture
def certificate(tmp_path):
    """A certificate for 127.0.0.1 that is not signed by a trusted authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "store")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "store.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


class CountingHandler(BaseHTTPRequestHandler):
    """Accepts every POST, and counts them."""

    accepted = 0

    def do_POST(self):
        type(self).accepted += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"true")

    def log_message(self, *_):
        """Not logged."""


@pytest.fixture
def tls_store(certificate):
    """The URL of a store over TLS, and its handler."""

    class Handler(CountingHandler):
        accepted = 0

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}
    )
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}", Handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_untrusted_certificate_is_rejected(tls_store):
    url, handler = tls_store

    with pytest.raises(Unavailable) as raised:
        connection_at(url).session().post("products", {})

    assert (raised.value.status, raised.value.outcome_unknown) == (503, False)
    assert raised.value.message.startswith(
        "POST products: no secure connection: the certificate is not accepted: self"
    )
    assert raised.value.alarm
    assert handler.accepted == 0


def test_trusted_certificates_come_from_the_environment(
    tls_store, certificate, monkeypatch
):
    url, handler = tls_store
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))

    assert connection_at(url).session().post("products", {}) is True
    assert handler.accepted == 1


def test_a_proxy_comes_from_the_environment(monkeypatch):
    with RecordingServer(lambda request: raw_response()) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)

        connection_at("http://localhost:9").session().delete(
            "products/{sku}", sku="a b/é"
        )

        [request] = proxy.received
    path = "/rest/all/V1/products/a%20b%2F%C3%A9"
    assert request.target == f"http://localhost:9{path}"
    assert is_signed(request, "http://localhost:9", path)


def test_hosts_in_no_proxy_are_called_directly(monkeypatch):
    with (
        RecordingServer(lambda request: raw_response()) as proxy,
        RecordingServer(lambda request: raw_response()) as store,
    ):
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")

        connection_at(store.url).session().get("products")

        assert (len(proxy.received), len(store.received)) == (0, 1)


def test_an_unreachable_proxy_has_no_effect(monkeypatch):
    with RecordingServer(lambda request: raw_response()) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        connection = connection_at("http://localhost:9")

    with pytest.raises(Unavailable) as raised:
        connection.session().post("products", {})

    assert (raised.value.status, raised.value.outcome_unknown) == (503, False)
