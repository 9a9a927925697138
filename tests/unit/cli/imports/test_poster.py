"""Batches are posted until each event is stored or rejected."""

from threading import Event as Flag

import pytest
import requests

from cli.credentials import Credentials
from cli.imports.events import NewEvent
from cli.imports.poster import ImportStopped, ItemResult, Pace, Poster
from functions.events.message import json_bytes
from functions.standard_webhooks import sign
from tests.support.batch_ingest import BatchIngest, response

DELETE = "be-observer.catalog_product_delete"


class Waiting(Flag):
    """Never set; it records how long it was waited for."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def wait(self, timeout=None):
        self.seconds.append(timeout)
        return False


def new_events(*values: object) -> list[NewEvent]:
    return [
        NewEvent(
            f"u{number}",
            [number],
            frozenset({"k"}),
            json_bytes({"uid": f"u{number}", "event": DELETE, "value": value}),
        )
        for number, value in enumerate(values, 1)
    ]


def poster(ingest, stopped=None, **options):
    stopped = stopped or Waiting()
    options.setdefault("clock", lambda: sum(getattr(stopped, "seconds", ())))
    return Poster(
        "http://ingest", Credentials("t"), stopped, session=ingest, **options
    ), stopped


def test_each_event_has_its_result():
    ingest = BatchIngest()
    post, _ = poster(ingest)

    results = post.post(new_events({"sku": "A"}, {"sku": ""}))

    assert results[0] == ItemResult(200)
    assert (results[1].status, results[1].errors) == (
        400,
        {"data.1.value.sku": ["Must not be empty."]},
    )
    assert ingest.sent_headers["Authorization"] == "Bearer t"
    [rejected] = post.post(new_events({"sku": ""}))
    assert rejected.status == 400


@pytest.mark.parametrize("failure", [503, 429, 500, requests.ConnectionError()])
def test_a_batch_that_was_not_stored_is_sent_again(failure):
    def respond(number, events):
        if number > 2:
            return None
        if isinstance(failure, Exception):
            raise failure
        return failure

    ingest, warnings = BatchIngest(respond), []
    post, waiting = poster(ingest, warn=warnings.append)

    assert post.post(new_events({"sku": "A"})) == [ItemResult(200)]
    assert waiting.seconds == [0.5, 1.0]
    assert warnings[0].startswith("http://ingest ")
    assert warnings[0].endswith(": each batch is sent again, for 120 s at most")


def test_retry_after_is_kept():
    ingest = BatchIngest()
    accept, answers = ingest.post, [response(503, {}, **{"Retry-After": "7"})]
    ingest.post = lambda *a, **k: answers.pop() if answers else accept(*a, **k)
    post, waiting = poster(ingest)

    post.post(new_events({"sku": "A"}))

    assert waiting.seconds == [7.0]


def test_an_ingest_that_stays_away_stops_the_import():
    post, waiting = poster(BatchIngest(lambda *_: 503))

    with pytest.raises(ImportStopped, match="answers 503; the import stopped"):
        post.post(new_events({"sku": "A"}))
    assert 100 < sum(waiting.seconds) <= 120


def test_a_stopped_import_sends_nothing_again():
    stopped = Flag()
    stopped.set()
    post, _ = poster(BatchIngest(lambda *_: 503), stopped)

    with pytest.raises(ImportStopped, match="interrupted"):
        post.post(new_events({"sku": "A"}))


def test_a_batch_that_is_too_large_is_divided():
    ingest = BatchIngest(
        lambda number, events: 413 if len(events) > 1 or events[0]["value"] == 2 else 0
    )
    post, _ = poster(ingest)

    results = post.post(new_events({"sku": "A"}, 2, {"sku": "B"}))

    assert [result.status for result in results] == [200, 413, 200]


@pytest.mark.parametrize(
    ("status", "reason"), [(401, "TOKEN=… make import"), (404, "accepts batches")]
)
def test_an_unexpected_answer_stops_the_import(status, reason):
    post, _ = poster(BatchIngest(lambda *_: status))

    with pytest.raises(ImportStopped, match=reason) as stopped:
        post.post(new_events({"sku": "A"}))
    assert stopped.value.usage


def test_a_wrong_address_is_a_usage_error():
    post = Poster("ftp://x", Credentials(), Flag())

    with pytest.raises(ImportStopped, match="must be an http") as stopped:
        post.post(new_events({"sku": "A"}))
    assert stopped.value.usage


def test_the_pace_holds_rows_back():
    now, waits = [0.0], []
    pace = Pace(100, lambda: now[0])

    for _ in range(3):
        pace.wait(50, waits.append)
    now[0] = 10.0
    pace.wait(50, waits.append)

    assert waits == [0.0, 0.5, 1.0, 0.0]
    Pace(0).wait(50, waits.append)
    assert len(waits) == 4


def test_each_request_is_signed_anew():
    secret = "whsec_" + "c2VjcmV0LW9mLXRoZS1pbXBvcnQtMDAx"
    ingest = BatchIngest(lambda number, events: 503 if number == 1 else None)
    credentials = Credentials(secret=secret)

    Poster("http://ingest", credentials, Waiting(), session=ingest).post(
        new_events({"sku": "A"})
    )

    headers = ingest.sent_headers
    expected = sign(
        [secret], headers["webhook-id"], int(headers["webhook-timestamp"]), ingest.body
    )
    assert headers["webhook-signature"] == expected
