"""Injected faults: a status, a delay, a closed connection; for how many calls."""

import http.client
import time

import pytest

from tests.support.stand_in_cases import customer

LAMP = "products/STANDIN-LAMP"


def statuses(commerce, count: int, path: str = LAMP) -> list[int]:
    return [commerce.call("GET", path).status for _ in range(count)]


def test_a_status_for_some_calls(commerce):
    commerce.fail(status=503, times=2)

    assert statuses(commerce, 3) == [503, 503, 200]


def test_a_status_until_the_fault_is_removed(commerce):
    fault_id = commerce.fail(status=500, times=None)
    assert statuses(commerce, 3) == [500, 500, 500]

    commerce.recover(fault_id)

    assert statuses(commerce, 1) == [200]


def test_a_fault_of_a_path_and_a_method(commerce):
    commerce.fail(status=503, path="/V1/customers", method="GET", times=None)

    assert statuses(commerce, 1) == [200]
    assert statuses(commerce, 1, "customers/3") == [503]
    assert commerce.call("PUT", "customers/3", customer()).status == 200


def test_of_several_faults_the_oldest_applies(commerce):
    commerce.fail(status=500)
    commerce.fail(status=429)

    assert statuses(commerce, 3) == [500, 429, 200]


def test_message_body_and_headers_of_a_fault(commerce):
    commerce.fail(status=429, message="Slow down", headers={"Retry-After": "7"})
    commerce.fail(status=503, body="<h1>Maintenance</h1>")

    connection = http.client.HTTPConnection(commerce.host, timeout=30)
    connection.request("GET", f"/rest/V1/{LAMP}")
    response = connection.getresponse()
    assert (response.headers["Retry-After"], response.read()) == (
        "7",
        b'{"message": "Slow down"}',
    )
    connection.close()
    assert commerce.call("GET", LAMP) == (503, "<h1>Maintenance</h1>")


def test_a_delay_comes_before_the_response(commerce):
    commerce.fail(delay_seconds=0.3)
    began = time.monotonic()

    assert statuses(commerce, 1) == [200]
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize(
    ("drop", "changes"),
    [("before", []), ("after", [("product.deleted", "STANDIN-LAMP")])],
)
def test_a_connection_closes_without_response(commerce, drop, changes):
    commerce.fail(drop=drop)

    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        commerce.call("DELETE", LAMP)

    assert commerce.changes() == changes
    assert [call["status"] for call in commerce.calls()] == [None]


@pytest.mark.parametrize(
    ("after", "changes"), [(False, []), (True, [("product.deleted", "STANDIN-LAMP")])]
)
def test_an_error_before_or_after_the_effect(commerce, after, changes):
    fault_id = commerce.fail(status=500, after=after)

    assert commerce.call("DELETE", LAMP).status == 500
    assert commerce.changes() == changes
    [call] = commerce.calls()
    assert (call["route"], call["status"], call["fault"]) == (
        "products/{sku}",
        500,
        fault_id,
    )
