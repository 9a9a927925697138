"""What a network failure means: whether the call may have had an effect."""

import socket
import ssl

import pytest
import requests
import urllib3

from functions.commerce.errors import Unavailable
from functions.commerce.transport import network_failure
from tests.support.commerce_adapter import connection_with
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
                None,
                "/",
                urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("expired")),
            )
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


@pytest.mark.parametrize(
    ("error", "status", "unknown"),
    FAILURES,
    ids=[f"{type(row[0]).__name__} {row[1]} {row[2]}" for row in FAILURES],
)
def test_a_network_failure_means(error, status, unknown):
    connection, _ = connection_with([error])

    outcome = unavailable(lambda: connection.session().post("products", {}))

    assert outcome == ((status, "outcome_unknown") if unknown else (status,))


@pytest.mark.parametrize(
    "kind",
    [
        value
        for value in vars(requests.exceptions).values()
        if isinstance(value, type)
        and issubclass(value, requests.RequestException)
        and value is not requests.exceptions.JSONDecodeError
    ],
    ids=lambda kind: kind.__name__,
)
def test_no_exception_of_requests_is_unmapped(kind):
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
