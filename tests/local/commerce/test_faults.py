"""Told to fail: with a status, after a delay, by a broken connection; for how long."""

import http.client
import time

import pytest

from functions.commerce.errors import Rejected, Unavailable

LAMP = "products/STANDIN-LAMP"
PERSON = {"email": "ada@example.com", "firstname": "Ada", "lastname": "Bauer"}


def statuses(commerce, count: int, path: str = LAMP) -> list[int]:
    return [commerce.ask("GET", path).status for _ in range(count)]


def test_a_status_for_some_calls(commerce):
    commerce.fail(status=503, times=2)

    assert statuses(commerce, 3) == [503, 503, 200]


def test_a_status_for_good_until_it_is_taken_back(commerce):
    number = commerce.fail(status=500, times=None)
    assert statuses(commerce, 3) == [500, 500, 500]

    commerce.control("DELETE", f"faults/{number}")

    assert statuses(commerce, 1) == [200]


def test_a_path_and_a_method_alone(commerce):
    commerce.fail(status=503, path="/V1/customers", method="GET", times=None)

    assert statuses(commerce, 1) == [200]
    assert statuses(commerce, 1, "customers/3") == [503]
    body = {"customer": PERSON}
    assert commerce.ask("PUT", "customers/3", body).status == 200


def test_message_body_and_headers_are_what_one_says(commerce):
    commerce.fail(status=429, message="Too Many Requests", headers={"Retry-After": "7"})
    commerce.fail(status=503, body="<h1>Maintenance</h1>")

    with pytest.raises(Unavailable) as raised:
        commerce.shop().get(LAMP)

    assert (raised.value.status, raised.value.retry_after) == (429, 7)
    assert commerce.ask("GET", LAMP) == (503, "<h1>Maintenance</h1>")


def test_a_delay_comes_before_the_true_answer(commerce):
    commerce.fail(delay_seconds=0.3)
    began = time.monotonic()

    assert statuses(commerce, 1) == [200]
    assert time.monotonic() - began >= 0.3


def test_a_delay_beyond_the_clients_patience_is_a_timeout(commerce):
    commerce.fail(delay_seconds=2, path="customers")

    with pytest.raises(Unavailable) as raised:
        commerce.shop(COMMERCE_TIMEOUT_SECONDS="1").get("customers/{id}", id=3)

    assert (raised.value.status, raised.value.effect_unknown) == (504, True)


@pytest.mark.parametrize(("drop", "made"), [("before", 0), ("after", 1)])
def test_a_connection_breaks_before_or_after_the_change(commerce, drop, made):
    commerce.fail(drop=drop, path="customers")

    with pytest.raises(Unavailable) as raised:
        commerce.shop().post("customers", {"customer": PERSON})

    assert (raised.value.status, raised.value.effect_unknown) == (503, True)
    assert [did for did, _ in commerce.did()] == ["customer.created"] * made
    assert [status for *_, status in commerce.asked()] == [None]


def test_a_broken_connection_has_no_answer_at_all(commerce):
    commerce.fail(drop="before")

    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        commerce.ask("GET", LAMP)

    assert statuses(commerce, 1) == [200]


def test_an_error_may_hide_that_the_change_took_effect(commerce):
    commerce.fail(status=500, after=True)

    assert commerce.ask("DELETE", LAMP).status == 500
    assert commerce.did() == [("product.deleted", "STANDIN-LAMP")]


def test_a_fault_before_changes_nothing(commerce):
    commerce.fail(status=500)

    assert commerce.ask("DELETE", LAMP).status == 500
    assert commerce.effects() == []


def test_what_failed_is_told_by_route(commerce):
    number = commerce.fail(status=500)
    commerce.ask("GET", LAMP)

    [row] = commerce.control("GET", "requests")["requests"]
    assert (row["route"], row["status"], row["fault"]) == (
        "products/{sku}",
        500,
        number,
    )


def test_of_several_the_oldest_applies(commerce):
    commerce.fail(status=500)
    commerce.fail(status=429)

    assert statuses(commerce, 3) == [500, 429, 200]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({}, "say what to do: status, delay_seconds or drop"),
        ({"status": 99}, "status is not right"),
        ({"status": 503, "times": 0}, "times is not right"),
        ({"status": 503, "path": "("}, "path is not right"),
        ({"drop": "now"}, "drop is not right"),
        ({"drop": "after", "status": 503}, "a dropped connection has no status"),
        ({"message": "x", "delay_seconds": 1}, "an answer needs a status"),
        ({"delay_seconds": 1e9}, "delay_seconds is not right"),
        ({"status": 503, "headers": {"a": "b\n"}}, "headers is not right"),
        ({"staus": 503}, "there is no staus"),
        ({"status": 503, "id": 7}, "there is no id"),
    ],
    ids=str,
)
def test_a_fault_that_makes_no_sense_is_not_taken(commerce, fault, said):
    with pytest.raises(ValueError, match=said):
        commerce.stand_in.faults.add(**fault)

    assert commerce.control("GET", "faults") == {"faults": []}


def test_a_refusal_told_reaches_the_client_as_one(commerce):
    commerce.fail(status=400, message="No")

    with pytest.raises(Rejected, match="Commerce answered 400 to GET products: No"):
        commerce.shop().get("products")
