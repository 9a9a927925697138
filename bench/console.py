"""``python -m bench console``: the list page's time, and the browser's memory.

A stack of its own receives events; Chromium shows the list of events meanwhile.
"""

import argparse
import itertools
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import requests
from selenium import webdriver

from bench.hardware import memory_mb
from tests.support.browser import Page, browser
from tests.support.running import RunningStack

EVENT = "be-observer.catalog_product_create"
SKUS = 1_000
POSTERS = 4
REQUESTS = 30  # of the list, for one time
SAMPLES = 13  # of the browser's memory, with the first and the last
HANDLED_SECONDS = 1_800
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Memory:
    """The browser after *minutes*.

    Attributes:
        events: posted so far.
        heap_mb: of the page's scripts and DOM wrappers, after a garbage collection.
        nodes: of the page's DOM, those not collected yet included.
        processes_mb: the Pss of all processes of the browser.
    """

    minutes: float
    events: int
    heap_mb: float
    nodes: int
    processes_mb: float


def main(arguments: list[str]) -> int:
    """The command."""
    options = _options(arguments)
    with (
        tempfile.TemporaryDirectory() as name,
        RunningStack(Path(name)) as stack,
        closing(_Posts(stack)) as posts,
    ):
        _write("| events | list page ms, median | p95 | KiB |\n|---|---|---|---|")
        for count in options.events:
            posts.send(count - posts.sent)
            _wait_until_handled(stack)
            _write(_time_line(stack, posts.sent))
        if options.minutes:
            _measure_browser(stack, posts, options)
            _wait_until_handled(stack)
            _write(_time_line(stack, posts.sent))
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench console")
    parser.add_argument(
        "--events", type=int, nargs="+", default=[500, 20_000], help="in the list"
    )
    parser.add_argument(
        "--minutes", type=float, default=60.0, help="of the open page; 0: no browser"
    )
    parser.add_argument("--rate", type=float, default=10.0, help="events a second")
    return parser.parse_args(arguments)


class _Posts:
    """Posts products, a new uid each.

    Attributes:
        sent: how many so far.
    """

    def __init__(self, stack: RunningStack) -> None:
        self.sent = 0
        self._url = stack.stack["ingest"]
        self._http = requests.Session()

    def send(self, count: int) -> None:
        """Post *count* events as fast as ingest takes them."""
        numbers = range(self.sent, self.sent + count)
        with ThreadPoolExecutor(POSTERS) as threads:
            list(threads.map(self._post, numbers))
        self.sent += count

    def send_at(self, times: Iterable[float]) -> Iterator[float]:
        """Post an event at each of *times* (monotonic), and yield the time."""
        for at in times:
            time.sleep(max(0.0, at - time.monotonic()))
            self._post(self.sent)
            self.sent += 1
            yield at

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _post(self, number: int) -> None:
        value = {"sku": f"BENCH-{number % SKUS}", "name": "Lamp", "price": number}
        value["description"] = "Aluminium, with a dimmer."
        data = {"uid": f"bench-{number}", "event": EVENT, "value": value}
        response = self._http.post(self._url, json={"data": data}, timeout=60)
        response.raise_for_status()


def _wait_until_handled(stack: RunningStack) -> None:
    console = stack.stack["console"]

    def none_waits() -> bool:
        page = requests.get(f"{console}/dead-letters", timeout=60).text
        time.sleep(0.5)
        return re.search(r">\s*0 waiting", page) is not None

    stack.wait_for(none_waits, HANDLED_SECONDS)


def _time_line(stack: RunningStack, events: int) -> str:
    milliseconds, size = [], 0
    with requests.Session() as http:
        for _ in range(REQUESTS):
            start = time.monotonic()
            size = len(http.get(stack.stack["console"], timeout=60).content)
            milliseconds.append((time.monotonic() - start) * 1000)
    median = statistics.median(milliseconds)
    p95 = statistics.quantiles(milliseconds, n=20)[-1]
    return f"| {events} | {median:.1f} | {p95:.1f} | {size // 1024} |"


def _measure_browser(
    stack: RunningStack, posts: _Posts, options: argparse.Namespace
) -> None:
    """Post at the rate while Chromium shows the list; write its memory."""
    interval = 1 / options.rate
    every = options.minutes * 60 / (SAMPLES - 1)
    with browser() as driver:
        # The driver has it enabled: the browser would keep every response for it.
        driver.execute_cdp_cmd("Network.disable", {})
        page = Page(driver, stack.stack["console"])
        page.look()
        page.open("/")
        page.sees("live")
        _write("\n| minutes | events | JS heap MB | DOM nodes | processes MB |")
        _write("|---|---|---|---|---|")
        start, sent = time.monotonic(), posts.sent
        samples = itertools.count()
        due = start + every * next(samples)
        times = (start + number * interval for number in itertools.count())
        for at in posts.send_at(times):
            if at < due:
                continue
            memory = _memory(driver, (at - start) / 60, posts.sent - sent)
            _write(
                f"| {memory.minutes:.1f} | {memory.events} | {memory.heap_mb:.1f} |"
                f" {memory.nodes} | {memory.processes_mb:.0f} |"
            )
            number = next(samples)
            if number == SAMPLES:
                break
            due = start + every * number
        late = time.monotonic() - at
        page.sees(f"bench-{posts.sent - 1}")  # it was up to date all the time
        _write(f"\nthe last event was posted {max(0.0, late):.1f} s late\n")
        _write("| events | list page ms, median | p95 | KiB |\n|---|---|---|---|")


def _memory(driver: webdriver.Chrome, minutes: float, events: int) -> Memory:
    driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
    driver.execute_cdp_cmd("Performance.enable", {})
    metrics = driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    named = {metric["name"]: metric["value"] for metric in metrics}
    return Memory(
        minutes,
        events,
        named["JSHeapUsedSize"] / MEGABYTE,
        int(named["Nodes"]),
        memory_mb(driver.service.process.pid),
    )


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
