"""``--wait``: every event of an import until its final result."""

import io

import pytest

from cli.credentials import Credentials
from cli.deployment import Unreachable
from cli.imports.following import EventResult, Failed, IngestResults, follow
from cli.imports.wait import bad_rows
from functions.errors import Rejected
from tests.support.batch_ingest import response
from tests.support.handler_kit import FakeCommerce, handle, rejection


class Results:
    """The states that events have, pass by pass."""

    def __init__(self, exhausted=(), **states):
        self.states = states
        self.dead_letters = dict(exhausted)

    def of(self, uid):
        states = self.states[uid]
        return EventResult(states.pop(0) if len(states) > 1 else states[0], f"of {uid}")

    def exhausted(self):
        return self.dead_letters


def waited(results):
    failed, now = [], iter(range(0, 1000, 6))
    events = io.StringIO("".join(f"{uid}\t{n},9\n" for n, uid in enumerate("abc", 2)))
    following = follow(
        events, results, failed.append, sleep=lambda _: None, clock=lambda: next(now)
    )
    return following, failed


def test_it_waits_until_each_event_has_a_result():
    following, failed = waited(
        Results(
            a=["waiting", "in flight", "handled"],
            b=["rejected"],
            c=["waiting", "retrying", "retrying", "handled"],
        )
    )

    assert (following.handled, following.failed, following.waiting) == (2, 1, 0)
    assert failed == [Failed("b", [3, 9], "of b")]


def test_an_exhausted_event_is_found_among_dead_letters():
    following, failed = waited(
        Results(
            {"c": "Delivery attempts exhausted"}.items(),
            a=["handled"],
            b=["handled"],
            c=["retrying"],
        )
    )

    assert (following.handled, following.failed) == (2, 1)
    assert failed == [Failed("c", [4, 9], "Delivery attempts exhausted")]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (response(404, {"error": "not seen yet"}), EventResult("waiting")),
        (response(503, {}), EventResult("retrying")),
        (
            response(200, {"state": "rejected", "message": "SKU is taken"}),
            EventResult("rejected", "SKU is taken"),
        ),
    ],
)
def test_ingest_is_asked_for_the_status(answer, expected):
    results = IngestResults("http://ingest/", Credentials("t"))
    urls = []
    results._http.get = lambda url, **_: urls.append(url) or answer

    assert results.of("import-1/2") == expected
    assert urls == ["http://ingest/events/import-1%2F2"]


def test_an_ingest_without_status_is_named():
    results = IngestResults("http://ingest", Credentials())
    results._http.get = lambda *_, **__: response(405, {})

    with pytest.raises(Unreachable, match="needs GET /events/<uid>"):
        results.of("u")


@pytest.mark.parametrize(
    ("count", "bad"), [(3, {2}), (40, {1, 7}), (40, set(range(1, 36)))]
)
def test_the_bad_rows_of_a_stock_event_are_named_by_line(count, bad):
    """By the handler's own sentence; it names the first ones only."""
    value = [
        {"sku": f"S{n}", "source": "default", "quantity": 1, "outOfStock": False}
        for n in range(1, count + 1)
    ]

    def respond(request):
        skus = {item["sku"] for item in request.body["sourceItems"]}
        if skus & {f"S{n}" for n in bad}:
            return rejection(400, "Validation Failed")
        return []

    commerce = FakeCommerce({"POST inventory/source-items": respond})
    with pytest.raises(Rejected) as rejected:
        handle("catalog_stock_update", value, commerce)

    rows = [n + 100 for n in range(1, count + 1)]
    expected = [n + 100 for n in sorted(bad)] if len(bad) <= 32 else rows
    assert bad_rows(rows, rejected.value.message) == expected
