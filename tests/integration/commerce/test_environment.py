"""What the client takes from the environment: proxies and certificates to trust."""

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
from tests.commerce.canned import PAAS, settings
from tests.commerce.server import Server, answer
from tests.commerce.test_oauth1 import parameters, signature


def client_at(url: str) -> CommerceConnection:
    return CommerceConnection(settings({**PAAS, "COMMERCE_BASE_URL": f"{url}/rest"}))


@pytest.fixture
def certificate(tmp_path):
    """A certificate for 127.0.0.1 that nobody has vouched for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "store")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
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
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


class Taking(BaseHTTPRequestHandler):
    """Takes anything, and counts."""

    taken = 0

    def do_POST(self):
        type(self).taken += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"true")

    def log_message(self, *_):
        """Nothing to say."""


@pytest.fixture
def secure(certificate):
    """The URL of a store over TLS, and its handler."""

    class Handler(Taking):
        taken = 0

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


def test_a_certificate_nobody_vouched_for_is_refused_before_anything_is_sent(secure):
    url, handler = secure

    with pytest.raises(Unavailable) as raised:
        client_at(url).session().post("products", {})

    assert (raised.value.status, raised.value.effect_unknown) == (503, False)
    assert raised.value.message == "POST products: no connection (SSLError)"
    assert handler.taken == 0


def test_certificates_to_trust_come_from_the_environment(
    secure, certificate, monkeypatch
):
    url, handler = secure
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))

    assert client_at(url).session().post("products", {}) is True
    assert handler.taken == 1


def test_proxies_come_from_the_environment_and_the_signature_stays_right(monkeypatch):
    with Server(lambda request: answer()) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)

        client_at("http://localhost:9").session().delete("products/{sku}", sku="a b/é")

        [request] = proxy.received
    path = "/rest/all/V1/products/a%20b%2F%C3%A9"
    assert request.target == f"http://localhost:9{path}"
    given = parameters(request)
    theirs = given.pop("oauth_signature")
    assert theirs == signature("DELETE", "http://localhost:9", path, given)


def test_hosts_that_need_no_proxy_are_asked_themselves(monkeypatch):
    with Server(lambda request: answer()) as proxy, Server(lambda r: answer()) as store:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")

        client_at(store.url).session().get("products")

        assert (len(proxy.received), len(store.received)) == (0, 1)


def test_a_proxy_that_is_not_there_has_no_effect(monkeypatch):
    with Server(lambda request: answer()) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        client = client_at("http://localhost:9")

    with pytest.raises(Unavailable) as raised:
        client.session().post("products", {})

    assert (raised.value.status, raised.value.effect_unknown) == (503, False)
