"""Credentials, clock or address are wrong: an alarm in the log, and no dead letter."""

import pytest

from tests.support.commerce_adapter import SAAS, TOKEN_DOCUMENT, reply
from tests.support.consumer_kit import ConsumerUnderTest, push

TOKEN = reply(200, TOKEN_DOCUMENT)
MESSAGE = {"message": "No"}


def alarm(consumer: ConsumerUnderTest) -> tuple:
    """Alarm, severity and status of one delivery, and the number of dead letters."""
    status, _ = consumer.deliver(push())
    [entry] = consumer.outcome_entries()
    assert status == entry["http_status"]
    stored = consumer.dead_letters.stored
    return entry.get("alarm"), entry["severity"], status, len(stored)


def test_a_wrong_configuration_is_an_alarm(subtests):
    for name, response, status in [
        ("invalid signature", reply(401, MESSAGE), 401),
        ("missing permission", reply(403, MESSAGE), 403),
        ("clock", reply(400, {"message": "oauth_problem=timestamp_refused"}), 401),
        ("another server", reply(404, b"<html>"), 503),
        (
            "unknown route",
            reply(404, {"message": "Request does not match any route."}),
            503,
        ),
        ("redirect", reply(301, b"", Location="https://x.y/"), 503),
        ("page", reply(200, b"<html>"), 503),
    ]:
        with subtests.test(name):
            consumer = ConsumerUnderTest()
            consumer.response = response

            assert alarm(consumer) == (True, "ERROR", status, 0)


@pytest.mark.parametrize(
    ("ims_response", "commerce_response", "status"),
    [
        pytest.param(reply(401, {}), reply(), 401, id="rejected credentials"),
        pytest.param(reply(500, b""), reply(), 503, id="failing IMS"),
        pytest.param(TOKEN, reply(401, MESSAGE), 401, id="rejected token"),
        pytest.param(TOKEN, reply(403, MESSAGE), 403, id="missing permission"),
    ],
)
def test_a_failing_ims_is_an_alarm(ims_response, commerce_response, status):
    consumer = ConsumerUnderTest(base=SAAS)
    consumer.response = lambda r: commerce_response if r.path else ims_response

    assert alarm(consumer) == (True, "ERROR", status, 0)


def test_a_temporary_failure_is_no_alarm(subtests):
    for status in [408, 429, 500, 503]:
        with subtests.test(status=status):
            consumer = ConsumerUnderTest()
            consumer.response = reply(status, MESSAGE)

            assert alarm(consumer) == (None, "ERROR", status, 0)


def test_events_survive_a_day_of_wrong_credentials():
    consumer = ConsumerUnderTest()
    pushes = [push(uid=f"u{n}", message_id=f"m{n}") for n in range(20)]
    consumer.response = reply(401, {"message": "The signature is invalid."})
    assert {consumer.deliver(body)[0] for body in pushes} == {401}

    consumer.response = reply(200, {"id": 1})
    assert {consumer.deliver(body)[0] for body in pushes} == {200}

    assert consumer.dead_letters.stored == []
