"""What the operator is told of an outage follows from the numbers that are deployed."""

import re
from pathlib import Path

from functions.commerce.client import MAX_PAUSE_SECONDS
from functions.events import catalog
from tests import kit

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text()
TOLD = PAGE.partition("## When Commerce is down")[2].partition("\n## ")[0]
LOCALS = (ROOT / "terraform" / "locals.tf").read_text()
IDS, EVENTS, CALL_SECONDS = 5_000, 10_000, 0.3


def waits() -> list[int]:
    """Seconds between the tries of an event."""
    delivery = catalog.delivery_settings()
    least, most = (
        delivery[f"{name}_backoff_seconds"] for name in ("minimum", "maximum")
    )
    tries = delivery["max_delivery_attempts"]
    return [min(most, least * 2**number) for number in range(tries - 1)]


def calls_at_once() -> int:
    """To Commerce, of one domain, as Terraform has it unless told otherwise."""
    [(concurrency, instances)] = re.findall(
        r"_consumer_default = { concurrency = (\d+), max_instances = (\d+)", LOCALS
    )
    return int(concurrency) * int(instances)


def tries_within(seconds: int) -> int:
    """How often an event is tried in the first *seconds*, the end included."""
    at, count = 0, 1
    for wait in waits():
        at += wait
        count += at <= seconds
    return count


def test_how_long_it_lasts():
    delivery = catalog.delivery_settings()
    hours, minutes = divmod(round(sum(waits()) / 60), 60)
    days = delivery["dead_letter_retention_seconds"] // 86_400

    assert f"after {waits()[0]} s" in TOLD
    assert f"up to {max(waits())} s" in TOLD
    assert f"{len(waits()) + 1} tries span {hours} h {minutes} min" in TOLD
    assert f"kept {days} days" in TOLD


def test_how_many_calls_there_are():
    growing = sum(wait for wait in waits() if wait < max(waits()))
    at_once = calls_at_once()
    domains = len({catalog.EVENTS[name].domain for name in kit.EVENTS})
    each_minutes = max(waits()) // 60

    assert f"{tries_within(60)} times in the first minute" in TOLD
    assert f"{tries_within(growing)} times in the first {growing} s" in TOLD
    assert f"once in {each_minutes} minutes" in TOLD
    assert f"{IDS:,} ids waiting" in TOLD
    assert f"at most {IDS // each_minutes} calls a minute" in TOLD
    assert f"more than {at_once} at once" in TOLD
    assert f"{at_once * domains} for all four" in TOLD
    assert f"{MAX_PAUSE_SECONDS} s at most" in TOLD


def test_how_long_it_takes_afterwards():
    at_once = calls_at_once()
    minutes, seconds = divmod(round(EVENTS * CALL_SECONDS / at_once), 60)

    assert f"{CALL_SECONDS} s a call and {at_once} at once" in TOLD
    assert f"{EVENTS:,} events of a domain take {minutes} min {seconds} s" in TOLD
    assert f"up to {max(waits()) // 60} minutes late" in TOLD
