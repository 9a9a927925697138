"""docs/operations.md: its numbers of an outage follow from what is deployed."""

import re

from functions.events import catalog
from functions.http_client.pause import MAX_PAUSE_SECONDS
from tests.support import adobe_kit_events, markdown
from tests.support.markdown import ROOT

PAGE = markdown.read("docs/operations.md")
ANSWERS = dict(markdown.tables(markdown.section(PAGE, "When Commerce is down"))[0][1:])
LOCALS = (ROOT / "terraform" / "locals.tf").read_text()
RESOURCES, EVENTS, CALL_SECONDS = 5_000, 10_000, 0.3


def waits() -> list[int]:
    """Seconds between the delivery attempts of an event."""
    settings = catalog.delivery_settings()
    shortest, longest = (
        settings[f"{name}_backoff_seconds"] for name in ("minimum", "maximum")
    )
    attempts = settings["max_delivery_attempts"]
    return [min(longest, shortest * 2**number) for number in range(attempts - 1)]


def parallel_calls() -> int:
    """Calls of one domain to Commerce at once, by Terraform's default."""
    [(concurrency, instances)] = re.findall(
        r"_consumer_default = { concurrency = (\d+), max_instances = (\d+)", LOCALS
    )
    return int(concurrency) * int(instances)


def attempts_within(seconds: int) -> int:
    """Delivery attempts of an event in the first *seconds*, the end included."""
    time, attempts = 0, 1
    for wait in waits():
        time += wait
        attempts += time <= seconds
    return attempts


def assert_numbers(question: str, *expected: str) -> None:
    """The answer to *question* names the *expected* numbers with their units."""
    [answer] = [text for name, text in ANSWERS.items() if question in name]
    assert [number for number in expected if number not in answer] == []


def test_retry_span():
    settings = catalog.delivery_settings()
    hours, minutes = divmod(round(sum(waits()) / 60), 60)
    days = settings["dead_letter_retention_seconds"] // 86_400

    assert_numbers(
        "how long events are retried",
        f"{waits()[0]} s",
        f"{max(waits())} s",
        f"{len(waits()) + 1} attempts",
        f"{hours} h {minutes} min",
        f"{days} days",
    )


def test_calls_of_one_resource():
    growing = sum(wait for wait in waits() if wait < max(waits()))

    assert_numbers(
        "one resource",
        f"{attempts_within(60)} times in the first minute",
        f"{attempts_within(growing)} times in the first {growing} s",
        f"once in {max(waits()) // 60} minutes",
    )


def test_calls_that_commerce_gets():
    domains = {catalog.EVENTS[name].domain for name in adobe_kit_events.EVENTS}
    calls = parallel_calls()

    assert_numbers(
        "how many calls Commerce gets",
        f"{RESOURCES:,} resources",
        f"{RESOURCES // (max(waits()) // 60)} calls a minute",
        f"{calls} at once",
        f"{calls * len(domains)} for all",
    )
    assert_numbers("Retry-After", f"{MAX_PAUSE_SECONDS} s")


def test_time_to_catch_up():
    calls = parallel_calls()
    minutes, seconds = divmod(round(EVENTS * CALL_SECONDS / calls), 60)

    assert_numbers(
        "afterwards",
        f"{CALL_SECONDS} s a call and {calls} at once",
        f"{EVENTS:,} events",
        f"{minutes} min {seconds} s",
        f"{max(waits()) // 60} minutes",
    )
