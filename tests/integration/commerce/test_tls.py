"""Certificates that are not accepted: their cause in words, an alarm, no effect."""

import pytest

from functions.commerce.client import CommerceConnection
from functions.errors import Unavailable
from tests.support.commerce_adapter import PAAS, SAAS, commerce_settings
from tests.support.commerce_server import (
    RecordingServer,
    connection_to,
    raw_response,
)
from tests.support.tls_server import TlsServer, write_certificate

NOT_ACCEPTED = "no secure connection: the certificate is not accepted: "


@pytest.fixture
def certificate(tmp_path):
    return write_certificate(tmp_path / "store.pem")


def test_trusted_certificates_come_from_the_environment(certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with TlsServer(lambda request: raw_response(), certificate) as server:
        assert connection_to(server).session().post("products", {}) is True


@pytest.mark.parametrize(
    ("options", "trusted", "reason"),
    [
        pytest.param({}, False, "self-signed certificate", id="self-signed"),
        pytest.param({"days_left": -1}, True, "certificate has expired", id="expired"),
        pytest.param(
            {"address": "127.0.0.2"},
            True,
            "IP address mismatch, certificate is not valid for '127.0.0.1'.",
            id="another host",
        ),
    ],
)
def test_a_certificate_that_is_not_accepted_is_named(
    options, trusted, reason, tmp_path, monkeypatch
):
    certificate = write_certificate(tmp_path / "store.pem", **options)
    if trusted:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with TlsServer(lambda request: raw_response(), certificate) as server:
        with pytest.raises(Unavailable) as raised:
            connection_to(server).session().post("products", {})

        assert server.received == []
    error = raised.value
    assert error.message.replace("self signed", "self-signed") == (
        f"POST products: {NOT_ACCEPTED}{reason}"
    )
    assert (error.status, error.alarm, error.outcome_unknown) == (503, True, False)


def test_a_server_without_tls_is_named():
    class PlainServer(RecordingServer):
        def _serve(self, connection, number):
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with PlainServer(lambda request: None) as server:
        base = {**PAAS, "COMMERCE_BASE_URL": f"https://127.0.0.1:{server.port}/rest"}
        connection = CommerceConnection(commerce_settings(base))
        with pytest.raises(Unavailable, match="TLS failed: [A-Z_]+$") as raised:
            connection.session().post("products", {})

    assert (raised.value.alarm, raised.value.outcome_unknown) == (True, False)


def test_the_certificate_of_ims_is_named(certificate):
    with TlsServer(lambda request: raw_response(), certificate) as server:
        connection = CommerceConnection(
            commerce_settings(SAAS, OAUTH_BASE_URL=f"{server.url}/ims/token")
        )
        with pytest.raises(Unavailable) as raised:
            connection.session().post("products", {})

    error = raised.value
    assert error.message.startswith(f"Adobe IMS: POST ims/token/v3: {NOT_ACCEPTED}self")
    assert (error.status, error.alarm, error.outcome_unknown) == (503, True, False)
