"""A delivery attempt is one sequence of steps, whatever LOG_LEVEL and source."""

from cli.log_steps import LogEntry, log_steps
from cli.steps import in_order

IDS = {"event": "be-observer.x", "uid": "u1", "message_id": "m1", "attempt": 1}
DEAD_LETTERS = "projects/p/topics/commerce-dead-letters"
CALLS = [
    {"method": "GET", "route": "orders/{id}", "status": 200, "ms": 5.0},
    {"method": "POST", "route": "order/{id}/ship", "status": 503, "ms": 9.0},
]


def at(millisecond: int) -> str:
    return f"2026-10-05T12:00:00.{millisecond:03}000Z"


def call_entry(millisecond: int, call: dict) -> LogEntry:
    labels = {"status": call["status"], "ms": call["ms"], **IDS}
    message = f"{call['method']} {call['route']}"
    return LogEntry(at(millisecond), "call", {"message": message, **labels})


DELIVERED = LogEntry(at(100), "delivered", {"message": "event delivered", **IDS})
OUTCOME = LogEntry(
    at(130),
    "outcome",
    {
        "severity": "ERROR",
        "message": "event retry",
        "outcome": "retry",
        "status": 503,
        "ms": 20.0,
        "calls": CALLS,
        **IDS,
    },
)
PUSHED = LogEntry(at(98), "delivered", IDS, by_broker=True)
ANSWERED = LogEntry(at(140), "answered", {"status": 503, **IDS}, by_broker=True)
FIRST_CALL, FAILED_CALL = call_entry(110, CALLS[0]), call_entry(125, CALLS[1])


def shown(*entries: LogEntry) -> list[tuple]:
    """Time, stage and what is said of each step."""
    steps = in_order(log_steps(entries, "logs", DEAD_LETTERS))
    names = ("route", "outcome", "error")
    return [
        (
            step.at[20:23],
            step.stage,
            *(step.labels[n] for n in names if n in step.labels),
        )
        for step in steps
    ]


def test_an_attempt_is_shown_once(subtests):
    for name, entries, start, calls in [
        ("outcome alone", [OUTCOME], "110", ["130", "130"]),
        ("INFO", [FAILED_CALL, OUTCOME], "110", ["125", "125"]),
        ("DEBUG", [DELIVERED, FIRST_CALL, FAILED_CALL, OUTCOME], "100", ["110", "125"]),
        ("broker", [PUSHED, FAILED_CALL, OUTCOME, ANSWERED], "098", ["125", "125"]),
        (
            "all, in another order",
            [ANSWERED, OUTCOME, FAILED_CALL, FIRST_CALL, DELIVERED, PUSHED],
            "098",
            ["110", "125"],
        ),
    ]:
        with subtests.test(name):
            assert shown(*entries) == [
                (start, "delivered"),
                (calls[0], "call", "orders/{id}"),
                (calls[1], "call", "order/{id}/ship"),
                ("130", "outcome", "retry"),
            ]


def test_an_attempt_without_outcome_shows_the_brokers_error():
    error = LogEntry(at(140), "answered", {"error": "Timeout", **IDS}, True)

    assert shown(PUSHED, error) == [("098", "delivered", "Timeout")]


def test_an_error_of_the_consumer_is_shown():
    labels = {"severity": "ERROR", "message": "KeyError in f line 3", **IDS}
    error = LogEntry(at(110), "call", labels)

    assert shown(error, OUTCOME)[0] == ("110", "delivered", "KeyError in f line 3")


def test_two_attempts_are_kept_apart():
    second = LogEntry(at(160), "outcome", {**IDS, "attempt": 2, "outcome": "handled"})

    stages = [step[1:] for step in shown(OUTCOME, second)]

    assert stages == [
        ("delivered",),
        ("call", "orders/{id}"),
        ("call", "order/{id}/ship"),
        ("outcome", "retry"),
        ("delivered",),
        ("outcome", "handled"),
    ]


def test_publishing_is_shown_once():
    ids = {"uid": "u1", "message_id": "m1"}
    ingest = LogEntry(at(20), "published", {"caller": "erp", "status": 200, **ids})
    broker = LogEntry(at(10), "published", {"topic": "t", "data": "{}", **ids}, True)

    [step] = log_steps([ingest, broker], "journal", DEAD_LETTERS)

    assert (step.at, step.labels) == (at(10), {"caller": "erp", **ids})


def test_the_dead_letter_topic_means_dead_lettered():
    labels = {"uid": "u1", "message_id": "m2", "topic": DEAD_LETTERS}
    published = LogEntry(at(125), "published", labels, True)
    rejected = LogEntry(OUTCOME.at, "outcome", {**IDS, "outcome": "rejected"})

    assert [stage for _, stage, *_ in shown(published, rejected)] == [
        "delivered",
        "outcome",
        "dead-lettered",
    ]


def test_exhausted_attempts_are_observed_by_the_broker():
    exhausted = LogEntry(at(150), "exhausted", IDS, by_broker=True)

    assert shown(OUTCOME, exhausted)[-1] == ("150", "exhausted")
