"""The table of ``classification``: what a response of Commerce means."""

import pytest

from functions.commerce.classification import render
from functions.errors import Rejected, Unavailable
from functions.http_client.responses import NOT_JSON, parse_json, retry_after
from tests.support.commerce_adapter import connection_with, reply
from tests.support.commerce_outcomes import flags

PAGE = b"<!DOCTYPE html><html><body>Sorry</body></html>"
ROUTE = "products/{sku}"
MESSAGE = {"message": 'The "%1" was not found.', "parameters": ["entity"]}
REJECTED = ("rejected", 400)
GATEWAY = {"error_code": "404000", "message": "Resource not found"}


def outcome(method, status, document, **headers):
    """The result of one call, or the kind of its error with status and flags."""
    connection, _ = connection_with([reply(status, document, **headers)])
    session = connection.session()
    call = {
        "GET": lambda: session.get(ROUTE, sku="A"),
        "POST": lambda: session.post(ROUTE, {}, sku="A"),
        "PUT": lambda: session.put(ROUTE, {}, sku="A"),
        "DELETE": lambda: session.delete(ROUTE, sku="A"),
    }[method]
    try:
        return call()
    except Rejected as error:
        return ("rejected", error.status)
    except Unavailable as error:
        return ("unavailable", error.status, *flags(error))


TABLE = [
    # method, status, document, headers, outcome
    ("GET", 200, {"a": 1}, {}, {"a": 1}),
    ("POST", 200, [], {}, []),
    ("POST", 201, 7, {}, 7),
    ("DELETE", 200, True, {}, True),
    ("GET", 200, PAGE, {}, ("unavailable", 503, "outcome_unknown", "alarm")),
    ("POST", 200, b"", {}, ("unavailable", 503, "outcome_unknown", "alarm")),
    ("POST", 204, b"", {}, ("unavailable", 503, "outcome_unknown", "alarm")),
    ("PUT", 200, b"\xff\xfe{", {}, ("unavailable", 503, "outcome_unknown", "alarm")),
    ("GET", 300, {"a": 1}, {}, ("unavailable", 503, "alarm")),
    ("GET", 301, PAGE, {"Location": "/x"}, ("unavailable", 503, "alarm")),
    ("POST", 302, b"", {"Location": "https://x.y/z"}, ("unavailable", 503, "alarm")),
    ("PUT", 308, b"", {}, ("unavailable", 503, "alarm")),
    ("PUT", 400, MESSAGE, {}, ("rejected", 400)),
    *[
        ("PUT", status, document, {}, ("unavailable", 503, "alarm"))
        for status in (400, 405, 406, 409, 410, 413, 422)
        for document in (PAGE, b"", GATEWAY, ["message"], {"message": 7})
    ],
    *[
        ("POST", 400, {"message": text}, {}, ("unavailable", 503))
        for text in (
            "Database connection error",
            "Database deadlock found when trying to get lock",
            "SQLSTATE[40001]: Serialization failure: 1213 Deadlock found",
            "SQLSTATE[HY000]: Lock wait timeout exceeded; try restarting transaction",
            "SQLSTATE[HY000] [2006] MySQL server has gone away",
            "SQLSTATE[08004] [1040] Too many connections",
            "Rolled back transaction has not been completed correctly.",
        )
    ],
    *[
        ("POST", 400, {"message": text}, {}, ("unavailable", 503, "ambiguous"))
        for text in (
            "Unable to save product",
            "The product was unable to be saved. Please try again.",
            "Could not save Source Item",
            "Could not save a shipment, see error log for details",
            "The shipment couldn't be saved.",
            'The "LAMP" product couldn\u2019t be removed.',
            "SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry",
        )
    ],
    *[
        ("POST", 400, {"message": text}, {}, REJECTED)
        for text in (
            "Invalid product data: %1",
            'The value of attribute "name" must be set.',
            "Validation Failed",
            "Shipment Document Validation Error(s):\nNothing to ship",
            "Customer Group already exists.",
            "Cannot delete group.",
            "Decoding error.",
        )
    ],
    # The words may be in a listed error alone.
    (
        "POST",
        400,
        {
            "message": "%1",
            "errors": [{"message": 7}, {"message": "Input data is empty"}],
        },
        {},
        REJECTED,
    ),
    # Parameters show that the words are Commerce's, in whatever language.
    ("POST", 400, {"message": "Ung\u00fcltig: %1", "parameters": ["x"]}, {}, REJECTED),
    (
        "GET",
        400,
        {"message": "oauth_problem=timestamp_refused"},
        {},
        ("unavailable", 401, "alarm"),
    ),
    (
        "GET",
        400,
        {"message": "Incorrect timestamp value in the oauth_timestamp parameter"},
        {},
        ("unavailable", 401, "alarm"),
    ),
    (
        "GET",
        400,
        {"message": "%1 is required", "parameters": ["oauth_nonce"]},
        {},
        ("unavailable", 401, "alarm"),
    ),
    *[
        ("GET", 400, {"message": name}, {}, ("unavailable", 401, "alarm"))
        for name in (
            "version_rejected",
            "parameter_absent",
            "parameter_rejected",
            "signature_method_rejected",
        )
    ],
    # Values of the event in Commerce's message are not read as its own words.
    ("POST", 400, {"message": "%1", "parameters": ["oauth_level"]}, {}, REJECTED),
    ("POST", 400, {"message": 'SKU "%1"', "parameters": ["DEADLOCK-5"]}, {}, REJECTED),
    ("GET", 401, MESSAGE, {}, ("unavailable", 401, "alarm")),
    ("GET", 401, b"", {}, ("unavailable", 401, "alarm")),
    ("GET", 403, PAGE, {}, ("unavailable", 403, "alarm")),
    ("GET", 407, PAGE, {}, ("unavailable", 407, "alarm")),
    ("GET", 402, MESSAGE, {}, ("rejected", 402)),
    ("GET", 404, MESSAGE, {}, ("rejected", 404)),
    ("PUT", 404, MESSAGE, {}, ("rejected", 404)),
    ("DELETE", 404, MESSAGE, {}, True),
    ("DELETE", 404, PAGE, {}, ("unavailable", 503, "alarm")),
    ("DELETE", 404, b"", {}, ("unavailable", 503, "alarm")),
    ("DELETE", 404, GATEWAY, {}, ("unavailable", 503, "alarm")),
    (
        "DELETE",
        404,
        {"message": "Request does not match any route."},
        {},
        ("unavailable", 503, "alarm"),
    ),
    ("GET", 404, PAGE, {}, ("unavailable", 503, "alarm")),
    ("POST", 405, MESSAGE, {}, ("rejected", 405)),
    ("POST", 406, MESSAGE, {}, ("rejected", 406)),
    ("POST", 408, PAGE, {}, ("unavailable", 408)),
    ("POST", 409, MESSAGE, {}, ("rejected", 409)),
    ("POST", 422, MESSAGE, {}, ("rejected", 422)),
    ("POST", 425, b"", {}, ("unavailable", 425)),
    ("POST", 429, MESSAGE, {}, ("unavailable", 429)),
    ("POST", 500, MESSAGE, {}, ("unavailable", 500, "outcome_unknown")),
    ("POST", 500, PAGE, {}, ("unavailable", 500, "outcome_unknown")),
    ("POST", 502, PAGE, {}, ("unavailable", 502, "outcome_unknown")),
    ("POST", 503, PAGE, {}, ("unavailable", 503, "outcome_unknown")),
    ("POST", 503, MESSAGE, {}, ("unavailable", 503)),
    ("POST", 503, GATEWAY, {}, ("unavailable", 503, "outcome_unknown")),
    ("POST", 503, PAGE, {"Retry_After": "5"}, ("unavailable", 503)),
    ("POST", 504, PAGE, {}, ("unavailable", 504, "outcome_unknown")),
    ("POST", 520, PAGE, {}, ("unavailable", 520, "outcome_unknown")),
]


def test_what_each_response_means():
    assert [
        (*row, actual)
        for row in TABLE
        if (actual := outcome(*row[:3], **row[3])) != row[4]
    ] == []


def test_commerces_message_is_rendered(subtests):
    for name, document, text in [
        (
            "a value's own percent sign stays",
            {"message": "%1 and %2, not %10", "parameters": ["a", "%1"]},
            "a and %1, not a0",
        ),
        (
            "the tenth is not the first",
            {"message": "%1 %10", "parameters": list("abcdefghij")},
            "a j",
        ),
        (
            "named",
            {
                "message": 'No such entity with %fieldName = %fieldValue for "%field"',
                "parameters": {"fieldName": "id", "fieldValue": 15, "field": None},
            },
            'No such entity with id = 15 for ""',
        ),
        ("list", {"message": "%1", "parameters": [["a", 1, True]]}, "a, 1, True"),
        ("none", {"message": "100%"}, "100%"),
        ("invalid parameters", {"message": "%1", "parameters": "text"}, "%1"),
        (
            "nested errors",
            {
                "message": "One or more input exceptions have occurred.",
                "errors": [
                    {"message": '"%1" is required.', "parameters": ["a"]},
                    {"message": "%field wrong", "parameters": {"field": "b"}},
                    "text",
                ],
            },
            'One or more input exceptions have occurred.; "a" is required.; b wrong',
        ),
        (
            "early failure",
            {"messages": {"error": [{"code": 404, "message": "no"}, {"code": 1}]}},
            "no",
        ),
        ("no trace", {"message": "a", "trace": "#0 /var/www/secret.php(1)"}, "a"),
        (
            "one line without controls",
            {"message": "a\r\nb\t\x00\x1b[31mc\u2028d\u202ee"},
            "a b [31mc d e",
        ),
        ("ASCII's controls", {"message": "a\x1b[31mb\x00c"}, "a [31mb c"),
        ("letters", {"message": "Größe\u00a0→ 日本"}, "Größe → 日本"),
        ("half a surrogate pair", {"message": "\ud800x"}, "x"),
        ("invalid message", {"message": ["a"]}, ""),
        ("a list", ["a"], ""),
        ("not JSON", NOT_JSON, ""),
        ("null", None, ""),
    ]:
        with subtests.test(name):
            assert render(document) == text


def test_commerces_message_is_bounded():
    many = {
        "message": "%1" * 9,
        "parameters": ["x" * 10**6],
        "errors": [MESSAGE] * 10**4,
    }

    assert render(many) == "x" * 499 + "…"
    assert render({"errors": [{"message": str(n)} for n in range(99)]}) == (
        "0; 1; 2; 3; 4; 5; 6; 7; 8; 9"
    )


def test_an_error_names_the_call_and_commerces_message():
    connection, _ = connection_with([reply(404, MESSAGE)])

    with pytest.raises(Rejected) as raised:
        connection.session().get("customers/{id}", id=15)

    assert raised.value.message == (
        'Commerce answered 404 to GET customers/{id}: The "entity" was not found.'
    )


def test_a_redirect_is_not_followed_and_its_host_is_named():
    script = [reply(301, PAGE, Location="https://www.example.com/rest/?secret=1")]
    connection, canned = connection_with(script)

    with pytest.raises(Unavailable) as raised:
        connection.session().post("products", {})

    assert raised.value.message == (
        "Commerce answered 301 to POST products, a redirect to www.example.com:"
        " is COMMERCE_BASE_URL right?"
    )
    assert len(canned.requests) == 1


def test_a_redirect_to_an_invalid_location_is_retried(subtests):
    for location in ["", "/relative", "https://[broken", "\x00"]:
        with subtests.test(location=location):
            assert outcome("GET", 302, b"", Location=location) == (
                "unavailable",
                503,
                "alarm",
            )


def test_retry_after_is_seconds_or_a_date():
    expected = {
        "120": 120.0,
        " 0 ": 0.0,
        "Fri, 31 Dec 1999 23:59:59 GMT": 59.0,
        "Fri, 31 Dec 1999 23:58:00 GMT": 0.0,
        "soon": None,
        "-5": None,
        "1.5": None,
        "": None,
        None: None,
        "9" * 400: 999999999.0,
        "Fri, 31 Dec 1999 23:59:59 -0000": None,
        f"Fri, 31 Dec {'9' * 20} 23:59:59 GMT": None,
    }

    assert {
        header: retry_after(header, now=946684740.0) for header in expected
    } == expected


def test_retry_after_is_part_of_the_error():
    for status in (429, 503):
        connection, _ = connection_with([reply(status, MESSAGE, Retry_After="7")])
        with pytest.raises(Unavailable) as raised:
            connection.session().get("products")
        assert raised.value.retry_after == 7.0


def test_deeply_nested_json_counts_as_not_json():
    assert parse_json(b"[" * 100_000) is NOT_JSON


def test_any_json_is_a_result(subtests):
    for document in [None, False, 0, "", {}, []]:
        with subtests.test(document=document):
            connection, _ = connection_with([reply(200, document)])

            assert connection.session().get("products") == document
