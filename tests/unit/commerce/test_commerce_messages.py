"""What the messages in Commerce's public source mean, and those of translations."""

import random

import pytest
import requests

from functions.errors import Ambiguous, Rejected, Unavailable
from tests.support.commerce_adapter import connection_with, reply
from tests.support.commerce_outcomes import flags, unavailable
from tests.support.random_json import random_json

COMMENTS = "orders/8/comments"
STORES = reply(200, [{"code": "default"}])

CONTENTION = [
    "Database connection error",
    "Database deadlock found when trying to get lock",
    "Database lock wait timeout exceeded",
    "Deadlock found when trying to get lock; try restarting transaction",
    "Lock wait timeout exceeded; try restarting transaction",
    "MySQL server has gone away",
    "Too many connections",
    "Rolled back transaction has not been completed correctly.",
    "SQLSTATE[40001]: Serialization failure: 1213 Deadlock found when trying to get"
    " lock; try restarting transaction, query was: UPDATE `sales_order`",
    "SQLSTATE[HY000] [2002] Connection refused",
    "SQLSTATE[HY000]: General error: 1205 Lock wait timeout exceeded",
    "SQLSTATE[HY000]: General error: 2006 MySQL server has gone away",
    "SQLSTATE[HY000]: General error: 2013 Lost connection to MySQL server",
    "SQLSTATE[08004] [1040] Too many connections",
]
AMBIGUOUS = [
    "The product was unable to be saved. Please try again.",
    "Unable to save product",
    'The "%1" product couldn\'t be removed.',
    "The “%1” product couldn’t be removed.",
    "Could not save Source Item",
    "Could not save a shipment, see error log for details",
    "The shipment couldn't be saved.",
    "The order status history couldn't be saved.",
    "Could not save child: %1",
    "SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry 'a' for key",
    "SQLSTATE[HY000]: General error: 1366 Incorrect string value: '\\xF0\\x9F' for"
    " column 'name' at row 1",
    "SQLSTATE[HY000]: General error: 1267 Illegal mix of collations",
]
PERMANENT = [
    "Invalid product data: %1",
    'Invalid value of "%value" provided for the %fieldName field.',
    'The value of attribute "%1" must be set.',
    '"%fieldName" is required. Enter and try again.',
    "%fieldName is a required field.",
    "Validation Failed",
    "Input data is empty",
    "Shipment Document Validation Error(s):\nThe order does not allow a shipment to be"
    " created.",
    "Customer Group already exists.",
    "A customer with the same email address already exists in an associated website.",
    "A customer with the same email already exists in an associated website.",
    "Cannot delete group.",
    "The product that was requested doesn't exist. Verify the product and try again.",
    "The entity that was requested doesn't exist. Verify the entity and try again.",
    "Requested product doesn't exist",
    "No such entity with %fieldName = %fieldValue",
    "No such entity with %fieldName = %fieldValue, %field2Name = %field2Value",
    "No such entity.",
    "An ID is needed. Set the ID and try again.",
    'The status "%1" is not part of the order status history.',
]


def error_and_calls(status, document, *look_ups):
    """The error for a comment that Commerce refuses, and what was sent."""
    connection, adapter = connection_with([reply(status, document), *look_ups])
    with pytest.raises((Rejected, Unavailable)) as raised:
        connection.session().post("orders/{id}/comments", {}, id=8)
    return raised.value, [request.path for request in adapter.requests]


def outcome(status, document, *look_ups):
    """What a refusal means: the kind of the error, its status and flags, the calls."""
    error, calls = error_and_calls(status, document, *look_ups)
    return (type(error), error.status, *flags(error), *calls)


def test_the_classes_are_disjoint():
    messages = [*CONTENTION, *AMBIGUOUS, *PERMANENT]
    assert len(set(messages)) == len(messages)


def test_contention_is_retried_like_an_outage():
    expected = dict.fromkeys(CONTENTION, (Unavailable, 503, COMMENTS))

    assert {text: outcome(400, {"message": text}) for text in CONTENTION} == expected


def test_a_sentence_for_any_cause_is_ambiguous():
    expected = dict.fromkeys(AMBIGUOUS, (Ambiguous, 503, "ambiguous", COMMENTS))

    assert {
        text: outcome(400, {"message": text, "parameters": ["LAMP"]})
        for text in AMBIGUOUS
    } == expected


@pytest.mark.parametrize("status", [400, 404])
def test_a_known_refusal_is_rejected_without_a_look_up(status):
    expected = dict.fromkeys(PERMANENT, (Rejected, status, COMMENTS))

    assert {text: outcome(status, {"message": text}) for text in PERMANENT} == expected


def test_nested_errors_are_read_as_well():
    """Validation of stock: the outer message alone says little."""
    nested = {"message": '"%field" should be numeric.', "parameters": {"field": "q"}}
    error, _ = error_and_calls(400, {"message": "Eingabe falsch", "errors": [nested]})
    assert type(error) is Rejected
    assert error.message.endswith('Eingabe falsch; "q" should be numeric.')

    error, _ = error_and_calls(
        400, {"message": "Eingabe falsch", "errors": [{"message": CONTENTION[0]}]}
    )
    assert type(error) is Unavailable


def test_a_fatal_error_of_php_has_an_unknown_outcome():
    text = "Server internal error. See details in report api/123"
    fatal = {"messages": {"error": [{"code": 500, "message": text}]}}

    error, _ = error_and_calls(500, fatal)

    assert (error.status, error.outcome_unknown) == (500, True)
    assert error.message.endswith(text)


@pytest.mark.parametrize("status", [400, 404, 409])
def test_messages_error_is_not_the_form_of_a_refusal(status):
    error, sent = error_and_calls(status, {"messages": {"error": [{"message": "No"}]}})

    assert (error.status, error.alarm) == (503, True)
    assert sent == [COMMENTS]


def test_oauth_problems_are_recognised_in_messages_error():
    problem = {"messages": {"error": [{"message": "oauth_problem=nonce_used"}]}}

    error, _ = error_and_calls(400, problem)

    assert (error.status, error.alarm) == (401, True)


def test_values_of_an_event_are_not_oauth_problems(subtests):
    for value in ["Signature method", "token_used", "nonce_used", "my oauth_token"]:
        with subtests.test(value=value):
            message = 'Invalid value of "%value" provided for the %fieldName field.'
            parameters = {"value": value, "fieldName": "name"}

            error, _ = error_and_calls(
                400, {"message": message, "parameters": parameters}
            )

            assert type(error) is Rejected


# Translations and extensions


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(
            {"message": "Kein %fieldName %fieldValue", "parameters": {"fieldName": 1}},
            id="named parameters",
        ),
        pytest.param({"message": "Ungültig: %1", "parameters": ["x"]}, id="numbered"),
        pytest.param(
            {"message": "Falsch", "errors": [{"message": "%1", "parameters": ["x"]}]},
            id="nested",
        ),
    ],
)
def test_a_translation_with_parameters_is_rejected_at_once(document):
    error, sent = error_and_calls(400, document)

    assert (type(error), sent) == (Rejected, [COMMENTS])


def test_a_translation_without_parameters_is_confirmed_first(subtests):
    for document in [
        {"message": "Das Produkt wurde nicht gefunden."},
        {"message": "Nicht gefunden", "parameters": ["x"]},  # no place for it
        {"message": "Nicht %1 gefunden", "parameters": []},
        {"message": "Nicht gefunden", "code": 7, "trace": None, "errors": []},
    ]:
        with subtests.test(document=document):
            error, sent = error_and_calls(404, document, STORES)

            assert error.status == 404
            assert isinstance(error, Rejected)
            assert sent == [COMMENTS, "store/storeConfigs"]


# Gateways in front of Commerce

GATEWAYS = {
    "nginx": b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n"
    b"<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx</center>",
    "Apache": b"<!DOCTYPE HTML><title>405 Method Not Allowed</title>",
    "Kong": {"message": "no Route matched with those values"},
    "Kong with id": {
        "message": "no Route matched with those values",
        "request_id": "6a0f",
    },
    "AWS": {"message": "Not Found"},
    "AWS with null": {"message": None},
    "Cloudflare": {
        "success": False,
        "errors": [{"code": 7003, "message": "Could not route"}],
        "messages": [],
        "result": None,
    },
    "Cloudflare problem": {"type": "about:blank", "title": "Error", "status": 400},
    "Akamai": b"<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>Reference",
    "Akamai problem": {"title": "Bad Request", "detail": "WAF", "status": 400},
    "Spring": {"timestamp": 1, "status": 404, "error": "Not Found", "message": "No"},
    "Adobe": {"error_code": "404000", "message": "Resource not found"},
    "empty": b"",
    "text": b"Bad Request",
    "JSON text": "Bad Request",
}
STATUSES = [400, 404, 405, 406, 409, 410, 413, 414, 422]


@pytest.mark.parametrize("name", GATEWAYS)
def test_a_gateway_never_rejects_an_event(name):
    """The look-up, where there is one, is answered by the same gateway."""
    document = GATEWAYS[name]
    outcomes = {
        status: outcome(status, document, reply(status, document))[:3]
        for status in STATUSES
    }

    assert outcomes == dict.fromkeys(STATUSES, (Unavailable, 503, "alarm"))


@pytest.mark.parametrize(
    ("route", "value"),
    [
        ("products/{sku}", {"sku": "A"}),
        ("customers/{id}", {"id": 1}),
        ("customerGroups/{id}", {"id": 1}),
    ],
)
def test_a_gateway_never_makes_a_delete_succeed(route, value):
    outcomes = {}
    for name, document in GATEWAYS.items():
        connection, _ = connection_with([reply(404, document)] * 2)
        session = connection.session()
        outcomes[name] = unavailable(lambda s=session: s.delete(route, **value))

    assert outcomes == dict.fromkeys(GATEWAYS, (503, "alarm"))


@pytest.mark.parametrize(
    ("look_up", "detail"),
    [
        pytest.param(
            reply(401, {"message": "The consumer isn't authorized to access %1."}),
            "Commerce answered 401 to GET store/storeConfigs: The consumer isn't"
            " authorized to access %1.",
            id="permission",
        ),
        pytest.param(
            requests.ReadTimeout(),
            "GET store/storeConfigs: no response in time",
            id="timeout",
        ),
        pytest.param(
            reply(200, {"status": "ok"}), "its response is not Commerce's", id="form"
        ),
    ],
)
def test_a_failed_look_up_is_an_alarm_that_names_the_cause(look_up, detail):
    error, _ = error_and_calls(404, GATEWAYS["Kong"], look_up)

    assert (error.status, error.alarm, error.outcome_unknown) == (503, True, False)
    assert error.message.endswith(f"({detail})")


def test_a_failed_look_up_passes_retry_after_on():
    error, _ = error_and_calls(
        404, GATEWAYS["Kong"], reply(429, {"message": "Slow"}, Retry_After="7")
    )

    assert (error.status, error.alarm, error.retry_after) == (503, True, 7.0)


# Anything at all

KEYS = ["message", "parameters", "errors", "trace", "x"]
TEXTS = ["", "Validation Failed", "a", "é", " ", "%1", "%field", "\0", "\ud800"]


def test_only_commerces_form_rejects_an_event():
    """With a look-up that does not confirm anything."""
    chooser = random.Random(0)  # noqa: S311 repeatable
    kinds = set()
    for _ in range(150):
        document = random_json(chooser, KEYS, TEXTS)
        if isinstance(document, dict):
            document = {"message": chooser.choice(TEXTS), **document}
        status = chooser.choice(STATUSES)
        error, _ = error_and_calls(status, document, reply(404, b""))
        kinds.add(type(error))
        if isinstance(error, Rejected):
            assert isinstance(document["message"], str)
            assert document.keys() <= {"message", "parameters", "errors", "trace"}
        else:
            assert error.status in (401, 503), document

    assert kinds == {Rejected, Unavailable}
