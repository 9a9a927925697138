"""Commerce is down for nearly as long as events are retried; no event is lost.

Dozens of events wait for some products. The broker's clocks are a hundred times
faster, and two of the deployed delivery settings are smaller: an event has 14 attempts,
at most 40 s apart. Everything else is real: ingest, broker, a consumer process, ledger.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from cli.__main__ import main
from functions.events import catalog
from local.processes import Process
from local.split_stack import SplitStack, split_stack
from tests.support.stand_in_control import StandInControl

# The commands browse dead letters with return_immediately, which Google deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The return_immediately flag")

CREATED = "be-observer.catalog_product_create"
UPDATED = "be-observer.catalog_product_update"
PRODUCTS, EVENTS_EACH = 10, 6
SPEED, MAX_ATTEMPTS, MAX_BACKOFF_SECONDS = 100, 14, 40
CONCURRENCY = 2  # calls to Commerce of one consumer, which has more threads
RETRY_AFTER_SECONDS = 1
TOLERANCE = 0.9  # of a backoff, which two clocks measure
TIMEOUT_SECONDS = 120


def wait_for(condition: Callable[[], Any]) -> None:
    """Wait until *condition()* is true."""
    end = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < end, "not true in time"
        time.sleep(0.1)


def post_events(ingest: Process, product: int) -> None:
    """Create a product and change it several times."""
    with requests.Session() as session:
        for step in range(EVENTS_EACH):
            name = f"{product}-{step}"
            value = {"sku": f"OUT-{product}", "name": name, "price": 1}
            value["description"] = "d"
            event = UPDATED if step else CREATED
            data = {"uid": name, "event": event, "value": value}
            response = session.post(ingest.url, json={"data": data}, timeout=60)
            assert response.status_code == 200


def outcomes(consumer: Process) -> list[dict]:
    """The consumer's log entries of outcomes."""
    output = consumer.output()
    complete = output[: output.rfind("\n") + 1].splitlines()
    return [json.loads(line) for line in complete if '"stage":"outcome"' in line]


def highest_attempt(consumer: Process) -> int:
    """The number of the highest delivery attempt so far."""
    return max((entry["attempt"] for entry in outcomes(consumer)), default=0)


def all_calls(commerce: StandInControl) -> list[dict]:
    """Every call to Commerce; none is missing."""
    calls = commerce.calls()
    assert len(calls) == (calls[-1]["id"] if calls else 0)
    return calls


def max_concurrency(calls: list[dict]) -> int:
    """How many of *calls* were in flight at the same time, at most."""
    changes = [(call["at"], 1) for call in calls]
    changes += [(call["at"] + call["ms"] / 1000, -1) for call in calls]
    return max(itertools.accumulate(step for _, step in sorted(changes)))


def check_backoff(calls: list[dict]) -> None:
    """Each event was called for again only after its backoff, doubled each time."""
    minimum = catalog.delivery_settings()["minimum_backoff_seconds"]
    times: dict[str, list[float]] = {}
    for call in calls:
        times.setdefault(call["body"]["product"]["name"], []).append(call["at"])
    assert len(times) == PRODUCTS  # the first event of each; the others wait behind it
    for attempts in times.values():
        for number, (first, second) in enumerate(itertools.pairwise(attempts)):
            backoff = min(MAX_BACKOFF_SECONDS, minimum * 2**number) / SPEED
            assert second - first >= backoff * TOLERANCE


def go_through_outage(stack: SplitStack) -> None:
    """Fail, post, fail with Retry-After, recover; then check effects and calls."""
    [consumer] = stack.consumers
    commerce = StandInControl(stack.commerce.url)
    fault = commerce.fail(status=503, times=None, delay_seconds=0.05)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: post_events(stack.ingest, n), range(PRODUCTS)))
    wait_for(lambda: highest_attempt(consumer) >= MAX_ATTEMPTS // 2)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    commerce.fail(status=503, times=None, delay_seconds=0.05, headers=headers)
    commerce.recover(fault)
    wait_for(lambda: highest_attempt(consumer) >= MAX_ATTEMPTS - 4)
    commerce.recover()
    calls_in_outage = all_calls(commerce)
    wait_for(
        lambda: (
            sum(entry["outcome"] == "handled" for entry in outcomes(consumer))
            == PRODUCTS * EVENTS_EACH
        )
    )

    # Every event is applied, once and in order.
    names: dict[str, list[str]] = {}
    for effect in commerce.effects():
        name = effect["body"]["product"]["name"]
        names.setdefault(effect["resource"], []).append(name)
    assert names == {
        f"OUT-{product}": [f"{product}-{step}" for step in range(EVENTS_EACH)]
        for product in range(PRODUCTS)
    }
    # No storm of calls during the outage.
    calls = all_calls(commerce)
    failed = [call for call in calls if call["status"] == 503]
    assert len(failed) <= PRODUCTS * highest_attempt(consumer)
    assert max_concurrency(failed) <= CONCURRENCY
    check_backoff(calls_in_outage)
    # Retry-After is respected, apart from calls that were in flight already.
    paused = [call["at"] for call in failed if call["fault"] != fault]
    assert paused
    for first, later in zip(paused, paused[CONCURRENCY:], strict=False):
        assert later - first >= RETRY_AFTER_SECONDS * TOLERANCE
    # Nor afterwards: one call for each event.
    assert len(calls) == len(failed) + PRODUCTS * EVENTS_EACH
    assert max_concurrency(calls) <= CONCURRENCY


async def test_an_outage_is_followed_by_every_event_in_order(tmp_path):
    async with split_stack(
        tmp_path,
        speed=SPEED,
        environment={"COMMERCE_CONCURRENCY": str(CONCURRENCY), "THREADS": "8"},
        maximum_backoff_seconds=MAX_BACKOFF_SECONDS,
        max_delivery_attempts=MAX_ATTEMPTS,
    ) as stack:
        await asyncio.to_thread(go_through_outage, stack)
        environment = {"LOCAL_STATE": str(tmp_path)}
        listed = await asyncio.to_thread(
            CliRunner().invoke, main, ["dead-letters", "--json"], env=environment
        )

    assert (listed.exit_code, listed.stdout) == (0, "")
