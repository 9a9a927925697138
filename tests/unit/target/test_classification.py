"""What a webhook's response means: every status, and the receiver's message."""

import pytest

from functions.errors import Rejected, Unavailable
from functions.http_client.responses import MAX_MESSAGE_LENGTH, HttpResponse
from functions.target.classification import check, classify

NAME = "POST webhook"
REJECTED = {400, 409, 413, 422}
NO_EFFECT = {408, 425, 429}
CREDENTIALS = {401, 403, 407}


def response(status, content=b"", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(status, named, content)


def expected(status):
    """Kind, status of the answer, outcome unknown, alarm."""
    if status in REJECTED:
        return Rejected, status, None, None
    if status in NO_EFFECT:
        return Unavailable, status, False, False
    if status >= 500:
        return Unavailable, status, True, False
    return Unavailable, status if status in CREDENTIALS else 503, False, True


def meaning(status):
    """As ``expected``, of what the status is classified as."""
    error = classify(NAME, response(status))
    flags = (getattr(error, name, None) for name in ("outcome_unknown", "alarm"))
    return type(error), error.status, *flags


def test_every_status_has_one_meaning():
    statuses = range(300, 600)

    assert {status: meaning(status) for status in statuses} == {
        status: expected(status) for status in statuses
    }


def test_every_2xx_is_handled():
    for status in (200, 201, 202, 204, 299):
        for content in (b"", b"<html>", b'{"success": false}'):
            check(NAME, response(status, content))


def test_retry_after_is_passed_on(subtests):
    for status in [401, 404, 429, 500, 503]:
        with subtests.test(status=status):
            with pytest.raises(Unavailable) as raised:
                check(NAME, response(status, Retry_After="7"))
            assert raised.value.retry_after == 7


def test_a_503_with_retry_after_had_no_effect():
    assert not classify(NAME, response(503, Retry_After="7")).outcome_unknown


def test_the_receivers_message_is_quoted(subtests):
    for content, headers, message in [
        (b'{"message": "No such number"}', {}, "No such number"),
        (b'{"error": {"code": 7, "message": "Closed"}}', {}, "Closed"),
        (b'{"detail": [{"loc": 1, "message": "a"}, {"message": "b"}]}', {}, "a; b"),
        (b'{"errors": ["a", "b"], "status": 4}', {}, "a; b"),
        (b'"Closed"', {}, "Closed"),
        (b"Closed\nfor today", {"Content_Type": "text/plain"}, "Closed for today"),
        (b"\xff", {}, "\ufffd"),
    ]:
        with subtests.test(content=content):
            error = classify(NAME, response(422, content, **headers))

            assert (
                error.message == f"The target answered 422 to POST webhook: {message}"
            )


def test_a_page_or_nothing_is_not_quoted(subtests):
    for content, headers in [
        (b"", {}),
        (b"<html>Error</html>", {"Content_Type": "text/html; charset=utf-8"}),
        (b"{}", {}),
        (b'{"message": 7}', {}),
        (b'{"error": ' * 9 + b'"x"' + b"}" * 9, {}),
    ]:
        with subtests.test(content=content):
            error = classify(NAME, response(422, content, **headers))

            assert error.message == "The target answered 422 to POST webhook"


def test_a_long_message_is_cut():
    error = classify(NAME, response(422, b"x" * 70_000))

    assert len(error.message) < MAX_MESSAGE_LENGTH + 50


def test_a_redirect_names_the_host_alone():
    error = classify(NAME, response(302, Location="https://login.example/?x=1"))

    assert error.message == (
        "The target answered 302 to POST webhook, a redirect to login.example:"
        " is TARGET_URL right?"
    )
