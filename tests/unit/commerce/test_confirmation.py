"""A 4xx in unknown words: a look-up shows whether Commerce itself answered."""

import pytest
import requests

from functions.errors import Rejected, Unavailable
from tests.support.commerce_adapter import connection_with, reply

UNKNOWN_WORDS = {"message": "Das geht nicht."}
STORES = reply(200, [{"code": "default"}])
GATEWAY_PAGE = reply(200, b"<html>")


def session_with(*script):
    connection, adapter = connection_with(script)
    return connection.session(), adapter.requests


def test_a_confirmed_refusal_is_rejected(subtests):
    for status in [400, 404, 409, 422]:
        with subtests.test(status=status):
            session, sent = session_with(reply(status, UNKNOWN_WORDS), STORES)

            with pytest.raises(Rejected) as raised:
                session.post("products", {})

            assert (raised.value.status, raised.value.message) == (
                status,
                f"Commerce answered {status} to POST products: Das geht nicht.",
            )
            assert [request.path for request in sent] == [
                "products",
                "store/storeConfigs",
            ]


@pytest.mark.parametrize(
    ("route", "values", "search"),
    [
        ("products/{sku}", {"sku": "A"}, ("products", "sku", "A")),
        ("customers/{id}", {"id": 15}, ("customers/search", "entity_id", "15")),
        ("customerGroups/{id}", {"id": 3}, ("customerGroups/search", "id", "3")),
    ],
)
def test_the_entity_is_looked_up_by_a_search(route, values, search):
    script = (reply(400, UNKNOWN_WORDS), reply(200, {"items": []}))
    session, sent = session_with(*script)

    with pytest.raises(Rejected):
        session.put(route, {}, **values)

    prefix = "searchCriteria[filterGroups][0][filters][0]"
    query = sent[1].query
    assert (sent[1].path, query[f"{prefix}[field]"], query[f"{prefix}[value]"]) == (
        search
    )


def test_an_unconfirmed_refusal_is_an_alarm(subtests):
    for name, probe in [
        ("page", GATEWAY_PAGE),
        ("empty list", reply(200, [])),
        ("another object", reply(200, {"status": "ok"})),
        ("404", reply(404, {"message": "no"})),
    ]:
        with subtests.test(name):
            session, _ = session_with(reply(409, UNKNOWN_WORDS), probe)

            with pytest.raises(Unavailable) as raised:
                session.post("orders/{id}/comments", {}, id=8)

            assert (raised.value.status, raised.value.alarm) == (503, True)
            assert "did not confirm that Commerce answered" in raised.value.message


def test_a_look_up_without_response_is_retried():
    session, _ = session_with(reply(409, UNKNOWN_WORDS), requests.ConnectTimeout())

    with pytest.raises(Unavailable):
        session.post("products", {})


@pytest.mark.parametrize("document", [{"items": []}, {"items": None}, []])
def test_a_delete_of_an_entity_that_is_absent_is_success(document):
    session, _ = session_with(reply(404, UNKNOWN_WORDS), reply(200, document))

    assert session.delete("products/{sku}", sku="A") is True


@pytest.mark.parametrize(
    ("document", "text"),
    [
        pytest.param({"items": [{"sku": "A"}]}, "Commerce has the entity", id="there"),
        pytest.param({"hits": 0}, "did not confirm", id="not Commerce's"),
    ],
)
def test_a_delete_that_is_not_confirmed_is_an_alarm(document, text):
    session, _ = session_with(reply(404, UNKNOWN_WORDS), reply(200, document))

    with pytest.raises(Unavailable, match=text) as raised:
        session.delete("products/{sku}", sku="A")
    assert (raised.value.status, raised.value.alarm) == (503, True)
