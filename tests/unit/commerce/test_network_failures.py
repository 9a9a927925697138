"""What a network failure means: whether the call may have had an effect."""

import socket
import ssl

import pytest
import requests
import urllib3
import urllib3.util.ssl_match_hostname

from functions.errors import Unavailable
from functions.http_client.transport import MAX_RESPONSE_BYTES, network_failure
from tests.support.commerce_adapter import connection_with, reply
from tests.support.commerce_outcomes import unavailable

FAILURES = [
    # exception, status, whether the outcome is unknown
    (requests.exceptions.ConnectTimeout(), 503, False),
    (
        requests.exceptions.ConnectionError(
            urllib3.exceptions.MaxRetryError(
                None, "/", urllib3.exceptions.NewConnectionError(None, "rejected")
            )
        ),
        503,
        False,
    ),
    (
        requests.exceptions.ConnectionError(
            urllib3.exceptions.MaxRetryError(
                None,
                "/",
                urllib3.exceptions.NameResolutionError("h", None, socket.gaierror()),
            )
        ),
        503,
        False,
    ),
    (
        requests.exceptions.ProxyError(
            urllib3.exceptions.ProxyError("tunnel", OSError())
        ),
        503,
        False,
    ),
    (
        requests.exceptions.SSLError(
            urllib3.exceptions.MaxRetryError(
                None, "/", urllib3.exceptions.SSLError("UNEXPECTED_EOF")
            )
        ),
        503,
        True,
    ),
    (requests.exceptions.ReadTimeout(), 504, True),
    (
        requests.exceptions.ConnectionError(
            urllib3.exceptions.ReadTimeoutError(None, "/", "")
        ),
        503,
        True,
    ),
    (
        requests.exceptions.ConnectionError(
            urllib3.exceptions.ProtocolError("aborted")
        ),
        503,
        True,
    ),
    (requests.exceptions.ChunkedEncodingError(), 503, True),
    (requests.exceptions.ContentDecodingError(), 503, True),
    (urllib3.exceptions.ReadTimeoutError(None, "/", ""), 504, True),
    (urllib3.exceptions.IncompleteRead(1, 2), 503, True),
    (urllib3.exceptions.DecodeError(), 503, True),
    (ConnectionResetError(), 503, True),
]


def test_a_network_failure_means(subtests):
    for error, status, unknown in FAILURES:
        with subtests.test(error=error):
            connection, _ = connection_with([error])

            session = connection.session()
            outcome = unavailable(lambda s=session: s.post("products", {}))

            assert outcome == ((status, "outcome_unknown") if unknown else (status,))


def test_no_exception_of_requests_is_unmapped(subtests):
    for kind in [
        value
        for value in vars(requests.exceptions).values()
        if isinstance(value, type)
        and issubclass(value, requests.RequestException)
        and value is not requests.exceptions.JSONDecodeError
    ]:
        with subtests.test(kind=kind):
            assert isinstance(network_failure(kind(), "GET x"), Unavailable)


def test_an_error_names_the_route_and_no_value():
    connection, _ = connection_with(
        [requests.exceptions.ConnectTimeout("https://shop/customers/4711")]
    )

    with pytest.raises(Unavailable) as raised:
        connection.session().get("customers/{id}", id=4711)

    assert raised.value.message == (
        "GET customers/{id}: no connection (ConnectTimeout)"
    )


def test_tls_errors_name_their_cause():
    expired = ssl.SSLCertVerificationError()
    expired.verify_message = "certificate has expired"
    protocol = ssl.SSLError()
    protocol.reason = "WRONG_VERSION_NUMBER"
    other_host = urllib3.util.ssl_match_hostname.CertificateError("no match for host")
    errors = {
        expired: "the certificate is not accepted: certificate has expired",
        other_host: "the certificate is not accepted: no match for host",
        protocol: "TLS failed: WRONG_VERSION_NUMBER",
        ssl.SSLError(): "TLS failed: SSLError",
    }

    for cause, text in errors.items():
        reason = urllib3.exceptions.MaxRetryError(
            None, "/", urllib3.exceptions.SSLError(cause)
        )
        error = network_failure(requests.exceptions.SSLError(reason), "GET x")
        assert error.message == f"GET x: no secure connection: {text}"
        assert (error.status, error.alarm, error.outcome_unknown) == (503, True, False)


def test_a_response_over_the_bound_has_its_own_error():
    size = MAX_RESPONSE_BYTES + 1
    connection, _ = connection_with([reply(200, b" " * size)])

    with pytest.raises(Unavailable, match="the response is larger than") as raised:
        connection.session().get("products")
    assert raised.value.outcome_unknown
