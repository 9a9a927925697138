"""Commerce is down for nearly as long as events are retried, and nothing comes of it.

A thousand events wait for 40 products; the broker's clocks pass a hundred times faster,
and of the deployed numbers only two are smaller: an event is tried 18 times, at most
60 s apart. Everything else is real: ingest, broker, a consumer process, its ledger.
"""

import asyncio
import itertools
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from bench.soak.parts import Parts, running
from functions.events import catalog
from tests.running import ROOT
from tests.support.stand_in_control import StandInControl

CREATED = "be-observer.catalog_product_create"
UPDATED = "be-observer.catalog_product_update"
IDS, EACH = 40, 25
SPEED, TRIES, LONGEST_WAIT = 100, 18, 60
AT_ONCE = 2  # calls to Commerce of one consumer, as deployed
ASKED_SECONDS = 1  # Retry-After
CLOCKS = 0.9  # of a wait: it is taken with two clocks
WAIT_SECONDS = 120


def wait_for(condition) -> None:
    """Wait until *condition()* is true."""
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.3)


def post(parts: Parts, number: int) -> None:
    """Create a product and change it, and change it."""
    with requests.Session() as session:
        for step in range(EACH):
            name = f"{number}-{step}"
            value = {"sku": f"OUT-{number}", "name": name, "price": 1}
            value["description"] = "d"
            event = UPDATED if step else CREATED
            data = {"uid": name, "event": event, "value": value}
            answer = session.post(parts.ingest.url, json={"data": data}, timeout=60)
            assert answer.status_code == 200


def told(parts: Parts, stage: str) -> list[dict]:
    """The consumer's lines of that stage."""
    said = (parts.folder / "consumer-0.log").read_text()
    whole = said[: said.rfind("\n") + 1].splitlines()  # the last may be half written
    return [json.loads(line) for line in whole if f'"stage":"{stage}"' in line]


def tried(parts: Parts) -> int:
    """How often the event was tried that was tried most."""
    return max((line["attempt"] for line in told(parts, "attempt")), default=0)


def calls(shop: StandInControl, after: int = 0) -> list[dict]:
    """What Commerce was asked after the call with that id; none is missing."""
    found = shop.calls(after)
    assert len(found) == (found[-1]["id"] if found else after) - after
    return found


def most_at_once(asked: list[dict]) -> int:
    """How many of these calls were under way at the same time, at most."""
    moments = [(row["at"], 1) for row in asked]
    moments += [(row["at"] + row["ms"] / 1000, -1) for row in asked]
    return max(itertools.accumulate(step for _, step in sorted(moments)))


def backed_off(asked: list[dict]) -> None:
    """Each product was asked for again only after its wait, twice as long each time."""
    least = catalog.delivery_settings()["minimum_backoff_seconds"]
    by_name: dict[str, list[float]] = {}
    for row in asked:
        by_name.setdefault(row["body"]["product"]["name"], []).append(row["at"])
    assert len(by_name) == IDS  # the first event of each; the others wait behind it
    for times in by_name.values():
        for number, (first, again) in enumerate(itertools.pairwise(times)):
            wait = min(LONGEST_WAIT, least * 2**number) / SPEED
            assert again - first >= wait * CLOCKS


def outage(parts: Parts) -> None:
    """Down, posted to, asking to be left alone, back."""
    shop = StandInControl(parts.shop.url)
    fault = shop.fail(status=503, times=None, delay_seconds=0.05)
    with ThreadPoolExecutor(4) as posting:
        list(posting.map(lambda number: post(parts, number), range(IDS)))
    wait_for(lambda: tried(parts) >= TRIES // 2)
    asking = {"Retry-After": str(ASKED_SECONDS)}
    shop.fail(status=503, times=None, delay_seconds=0.05, headers=asking)
    shop.recover(fault)
    wait_for(lambda: tried(parts) >= TRIES - 4)
    shop.recover()
    down = calls(shop)
    wait_for(
        lambda: (
            sum(line["outcome"] == "handled" for line in told(parts, "outcome"))
            == IDS * EACH
        )
    )

    # All is there, once and in order.
    names: dict[str, list[str]] = {}
    for effect in shop.effects():
        names.setdefault(effect["resource"], []).append(
            effect["body"]["product"]["name"]
        )
    assert names == {
        f"OUT-{number}": [f"{number}-{step}" for step in range(EACH)]
        for number in range(IDS)
    }
    # No storm while it was down.
    failed = [row for row in calls(shop) if row["status"] == 503]
    assert len(failed) <= IDS * tried(parts)
    assert most_at_once(failed) <= AT_ONCE
    backed_off(down)
    # Asked to be left alone, it was, but for what was under way at that moment.
    asked = [row["at"] for row in failed if row["fault"] != fault]
    assert asked
    for first, later in zip(asked, asked[AT_ONCE:], strict=False):
        assert later - first >= ASKED_SECONDS * CLOCKS
    # Nor when it was back: one call an event.
    assert len(calls(shop)) == len(failed) + IDS * EACH
    assert most_at_once(calls(shop)) <= AT_ONCE


@pytest.mark.anyio
async def test_all_that_waited_is_applied_in_order_and_without_a_storm(tmp_path):
    started = running(
        tmp_path,
        None,
        speed=SPEED,
        environment={"COMMERCE_CONCURRENCY": str(AT_ONCE), "THREADS": "8"},
        maximum_backoff_seconds=LONGEST_WAIT,
        max_delivery_attempts=TRIES,
    )
    async with started as parts:
        await asyncio.to_thread(outage, parts)
        listed = subprocess.run(
            [sys.executable, "-m", "cli", "dead-letters", "--json"],
            cwd=ROOT,
            env={"LOCAL_STATE": str(tmp_path), "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )

    assert listed.stdout == ""
