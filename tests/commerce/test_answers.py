"""The one table: what an answer of Commerce means."""

import pytest

from functions.commerce.classification import NOT_JSON, parse, render, retry_after
from functions.commerce.errors import Rejected, Unavailable
from tests.commerce.canned import commerce, response

PAGE = b"<!DOCTYPE html><html><body>Sorry</body></html>"
ROUTE = "products/{sku}"
SAID = {"message": 'The "%1" was not found.', "parameters": ["thing"]}
REFUSED = ("rejected", 400)
GATEWAY = {"error_code": "404000", "message": "Resource not found"}


def outcome(method, status, document, **headers):
    """What the client makes of one answer."""
    client, _ = commerce([response(status, document, **headers)])
    shop = client.session()
    call = {
        "GET": lambda: shop.get(ROUTE, sku="A"),
        "POST": lambda: shop.post(ROUTE, {}, sku="A"),
        "PUT": lambda: shop.put(ROUTE, {}, sku="A"),
        "DELETE": lambda: shop.delete(ROUTE, sku="A"),
    }[method]
    try:
        return call()
    except Rejected as error:
        return ("rejected", error.status)
    except Unavailable as error:
        flags = [name for name in ("effect_unknown", "alarm") if getattr(error, name)]
        return ("unavailable", error.status, *flags)


TABLE = [
    # method, status, document, headers, outcome
    ("GET", 200, {"a": 1}, {}, {"a": 1}),
    ("POST", 200, [], {}, []),
    ("POST", 201, 7, {}, 7),
    ("DELETE", 200, True, {}, True),
    ("GET", 200, PAGE, {}, ("unavailable", 503, "effect_unknown", "alarm")),
    ("POST", 200, b"", {}, ("unavailable", 503, "effect_unknown", "alarm")),
    ("POST", 204, b"", {}, ("unavailable", 503, "effect_unknown", "alarm")),
    ("PUT", 200, b"\xff\xfe{", {}, ("unavailable", 503, "effect_unknown", "alarm")),
    ("GET", 300, {"a": 1}, {}, ("unavailable", 503, "alarm")),
    ("GET", 301, PAGE, {"Location": "/x"}, ("unavailable", 503, "alarm")),
    ("POST", 302, b"", {"Location": "https://x.y/z"}, ("unavailable", 503, "alarm")),
    ("PUT", 308, b"", {}, ("unavailable", 503, "alarm")),
    ("PUT", 400, SAID, {}, ("rejected", 400)),
    ("PUT", 400, PAGE, {}, ("rejected", 400)),
    ("PUT", 400, b"", {}, ("rejected", 400)),
    ("POST", 400, {"message": "Unable to save product"}, {}, ("unavailable", 503)),
    (
        "POST",
        400,
        {"message": "The product was unable to be saved. Please try again."},
        {},
        ("unavailable", 503),
    ),
    (
        "POST",
        400,
        {"message": "Database deadlock found when trying to get lock"},
        {},
        ("unavailable", 503),
    ),
    (
        "POST",
        400,
        {"message": "SQLSTATE[HY000]: Lock wait timeout exceeded; try restarting"},
        {},
        ("unavailable", 503),
    ),
    ("POST", 400, {"message": "Could not save Source Item"}, {}, ("unavailable", 503)),
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
    # A value of the event in Commerce's words is no problem of OAuth's, no deadlock.
    ("POST", 400, {"message": "%1", "parameters": ["oauth_level"]}, {}, REFUSED),
    ("POST", 400, {"message": 'SKU "%1"', "parameters": ["DEADLOCK-5"]}, {}, REFUSED),
    ("GET", 401, SAID, {}, ("unavailable", 401, "alarm")),
    ("GET", 401, b"", {}, ("unavailable", 401, "alarm")),
    ("GET", 403, PAGE, {}, ("unavailable", 403, "alarm")),
    ("GET", 407, PAGE, {}, ("unavailable", 407, "alarm")),
    ("GET", 402, SAID, {}, ("rejected", 402)),
    ("GET", 404, SAID, {}, ("rejected", 404)),
    ("PUT", 404, SAID, {}, ("rejected", 404)),
    ("DELETE", 404, SAID, {}, True),
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
    ("POST", 405, SAID, {}, ("rejected", 405)),
    ("POST", 406, SAID, {}, ("rejected", 406)),
    ("POST", 408, PAGE, {}, ("unavailable", 408)),
    ("POST", 409, SAID, {}, ("rejected", 409)),
    ("POST", 413, PAGE, {}, ("rejected", 413)),
    ("POST", 422, SAID, {}, ("rejected", 422)),
    ("POST", 425, b"", {}, ("unavailable", 425)),
    ("POST", 429, SAID, {}, ("unavailable", 429)),
    ("POST", 500, SAID, {}, ("unavailable", 500, "effect_unknown")),
    ("POST", 500, PAGE, {}, ("unavailable", 500, "effect_unknown")),
    ("POST", 502, PAGE, {}, ("unavailable", 502, "effect_unknown")),
    ("POST", 503, PAGE, {}, ("unavailable", 503, "effect_unknown")),
    ("POST", 503, SAID, {}, ("unavailable", 503)),
    ("POST", 503, GATEWAY, {}, ("unavailable", 503, "effect_unknown")),
    ("POST", 503, PAGE, {"Retry_After": "5"}, ("unavailable", 503)),
    ("POST", 504, PAGE, {}, ("unavailable", 504, "effect_unknown")),
    ("POST", 520, PAGE, {}, ("unavailable", 520, "effect_unknown")),
]


@pytest.mark.parametrize(
    ("method", "status", "document", "headers", "expected"),
    TABLE,
    ids=[f"{row[0]} {row[1]} {str(row[2])[:40]}" for row in TABLE],
)
def test_an_answer_means(method, status, document, headers, expected):
    assert outcome(method, status, document, **headers) == expected


@pytest.mark.parametrize(
    ("document", "text"),
    [
        pytest.param(
            {"message": "%1 and %2, not %10", "parameters": ["a", "%1"]},
            "a and %1, not a0",
            id="a value's own percent sign stays",
        ),
        pytest.param(
            {"message": "%1 %10", "parameters": list("abcdefghij")},
            "a j",
            id="the tenth is not the first",
        ),
        pytest.param(
            {
                "message": 'No such entity with %fieldName = %fieldValue for "%field"',
                "parameters": {"fieldName": "id", "fieldValue": 15, "field": None},
            },
            'No such entity with id = 15 for ""',
            id="named",
        ),
        pytest.param(
            {"message": "%1", "parameters": [["a", 1, True]]}, "a, 1, True", id="list"
        ),
        pytest.param({"message": "100%"}, "100%", id="none"),
        pytest.param(
            {"message": "%1", "parameters": "text"}, "%1", id="parameters of no form"
        ),
        pytest.param(
            {
                "message": "One or more input exceptions have occurred.",
                "errors": [
                    {"message": '"%1" is required.', "parameters": ["a"]},
                    {"message": "%field wrong", "parameters": {"field": "b"}},
                    "text",
                ],
            },
            'One or more input exceptions have occurred.; "a" is required.; b wrong',
            id="nested errors",
        ),
        pytest.param(
            {"messages": {"error": [{"code": 404, "message": "no"}, {"code": 1}]}},
            "no",
            id="early failure",
        ),
        pytest.param(
            {"message": "a", "trace": "#0 /var/www/secret.php(1)"}, "a", id="no trace"
        ),
        pytest.param(
            {"message": "a\r\nb\t\x00\x1b[31mc\u2028d\u202ee"},
            "a b [31mc d e",
            id="one line without controls",
        ),
        pytest.param(
            {"message": "a\x1b[31mb\x00c"}, "a [31mb c", id="ASCII's controls"
        ),
        pytest.param({"message": "Größe\u00a0→ 日本"}, "Größe → 日本", id="letters"),
        pytest.param({"message": "\ud800x"}, "x", id="half a surrogate pair"),
        pytest.param({"message": ["a"]}, "", id="message of no form"),
        pytest.param(["a"], "", id="a list"),
        pytest.param(NOT_JSON, "", id="no JSON"),
        pytest.param(None, "", id="null"),
    ],
)
def test_commerces_words_are_rendered(document, text):
    assert render(document) == text


def test_commerces_words_are_bounded():
    many = {"message": "%1" * 9, "parameters": ["x" * 10**6], "errors": [SAID] * 10**4}

    assert render(many) == "x" * 499 + "…"
    assert render({"errors": [{"message": str(n)} for n in range(99)]}) == (
        "0; 1; 2; 3; 4; 5; 6; 7; 8; 9"
    )


def test_an_error_says_what_was_asked_and_what_commerce_said():
    client, _ = commerce([response(404, SAID)])

    with pytest.raises(Rejected) as raised:
        client.session().get("customers/{id}", id=15)

    assert raised.value.message == (
        'Commerce answered 404 to GET customers/{id}: The "thing" was not found.'
    )


def test_a_redirect_is_not_followed_and_its_host_is_named():
    adapter = [response(301, PAGE, Location="https://www.example.com/rest/?secret=1")]
    client, canned = commerce(adapter)

    with pytest.raises(Unavailable) as raised:
        client.session().post("products", {})

    assert raised.value.message == (
        "Commerce answered 301 to POST products, a redirect to www.example.com:"
        " is COMMERCE_BASE_URL right?"
    )
    assert len(canned.asked) == 1


@pytest.mark.parametrize("location", ["", "/relative", "https://[broken", "\x00"])
def test_a_redirect_to_nowhere_is_survived(location):
    answer = response(302, b"")
    answer.headers["Location"] = location

    assert outcome_of(answer) == ("unavailable", 503, "alarm")


def outcome_of(answer):
    with pytest.raises(Unavailable) as raised:
        commerce([answer])[0].session().get("products")
    flags = ["alarm"] if raised.value.alarm else []
    return ("unavailable", raised.value.status, *flags)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 59.0),
        ("Fri, 31 Dec 1999 23:58:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
        (None, None),
        ("9" * 400, 999999999.0),
        ("Fri, 31 Dec 1999 23:59:59 -0000", None),
        (f"Fri, 31 Dec {'9' * 20} 23:59:59 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert retry_after(header, now=946684740.0) == seconds


def test_the_wait_that_commerce_asks_for_is_kept():
    for status in (429, 503):
        client, _ = commerce([response(status, SAID, Retry_After="7")])
        with pytest.raises(Unavailable) as raised:
            client.session().get("products")
        assert raised.value.retry_after == 7.0


def test_deeply_nested_json_is_no_json():
    assert parse(b"[" * 100_000) is NOT_JSON


@pytest.mark.parametrize("document", [None, False, 0, "", {}, []])
def test_any_json_is_a_result(document):
    client, _ = commerce([response(200, document)])

    assert client.session().get("products") == document
