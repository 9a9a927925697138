"""What a deployment costs, from list prices and from use: ``make costs``.

Prices are data with their source (``tools/costs.json``), the ledger's operations are
those that ``tests/integration/ledger/test_operations.py`` counts
(``tools/operations.json``), and the size of the log entries is the one that
``tests/unit/log/test_size.py`` measures. ``docs/costs.md`` is generated from this
model, and ``make costs ARGS="--events-per-second 40 --commerce-ms 250"`` prints it for
other loads.
"""

import argparse
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tools.options import number

FOLDER = Path(__file__).resolve().parent
DATA: dict[str, Any] = json.loads((FOLDER / "costs.json").read_text())
OPERATIONS: dict[str, dict[str, float]] = json.loads(
    (FOLDER / "operations.json").read_text()
)
PRICES: dict[str, dict[str, Any]] = DATA["prices"]

SECONDS_A_MONTH = 30 * 24 * 3600
PARTS = (
    "Cloud Run, instance time",
    "Cloud Run, requests",
    "Pub/Sub",
    "Firestore, operations",
    "Firestore, storage",
    "Logging",
    "Fixed",
)
# Settings are chosen so that at most this share of the slots is in use on average.
FILL = 0.875
CPU_FILL = 0.6  # Cloud Run starts a further instance above it
CONCURRENCIES = (4, 8, 16, 32, 64)
# Of a consumer, as terraform/variables.tf has them.
DEFAULT_CONCURRENCY, DEFAULT_INSTANCES = 4, 1
MEMORY_GIB = 0.5
ALERT_CONDITIONS = 6


@dataclass(frozen=True)
class Usage:
    """What one event uses.

    Attributes:
        operations: of the ledger: ``reads``, ``writes``, ``deletes``; absent is 0.
        document_bytes, ledger_days: what a document occupies, and for how long.
        message_bytes: in and out of Pub/Sub together.
        log_line_bytes: the entries that ingest and the consumer write.
        own_entries: how many those are.
        envelope_bytes: estimate of what Cloud Logging adds to an entry: names of log,
            service and revision, instance, insert id, time of receipt. As a protocol
            buffer these are 280 to 310 bytes, and about 170 for the instance.
        request_log_bytes: estimate of the rest of an entry of the request log.
        request_logs: how many entries of the request log remain.
    """

    operations: Mapping[str, float] = field(
        default_factory=lambda: OPERATIONS["inbound"]
    )
    document_bytes: float = 1000
    ledger_days: float = 35
    requests: float = 2
    message_bytes: float = 3000
    log_line_bytes: float = 1040
    own_entries: float = 2
    envelope_bytes: float = 460
    request_log_bytes: float = 250
    request_logs: float = 1

    @property
    def log_bytes(self) -> float:
        """Everything that Cloud Logging stores about an event."""
        entries = self.own_entries + self.request_logs
        request_log = self.request_logs * self.request_log_bytes
        return self.log_line_bytes + entries * self.envelope_bytes + request_log


@dataclass(frozen=True)
class Load:
    """Events and times.

    Attributes:
        commerce_ms: of the calls to Commerce for one event.
        operation_ms: of one read or write of the ledger.
        ingest_cpu_ms, consumer_cpu_ms: CPU of one event, on a vCPU of Cloud Run.
        domains: consumers that share the events evenly.
        concurrency: of the consumers; None: the smallest that suffices.
    """

    events_per_second: float
    commerce_ms: float = 300
    operation_ms: float = 8
    ingest_cpu_ms: float = 1
    consumer_cpu_ms: float = 5
    domains: int = 4
    concurrency: int | None = None

    def busy_seconds(self, usage: Usage) -> float:
        """How long an event occupies one slot of a consumer."""
        calls = usage.operations.get("reads", 0) + usage.operations.get("writes", 0)
        return (self.commerce_ms + calls * self.operation_ms) / 1000


@dataclass(frozen=True)
class Settings:
    """Settings that carry a load, per domain.

    Attributes:
        calls: to Commerce at once, on average and over all domains.
    """

    concurrency: int
    max_instances: int
    calls: float


def settings(load: Load, usage: Usage) -> Settings:
    """The smallest settings of a consumer that carry *load*."""
    rate = load.events_per_second / load.domains
    calls = rate * load.busy_seconds(usage)
    by_cpu = math.ceil(rate * load.consumer_cpu_ms / 1000 / CPU_FILL)
    choices = (load.concurrency,) if load.concurrency else CONCURRENCIES
    for concurrency in choices:
        instances = max(math.ceil(calls / FILL / concurrency), by_cpu, 1)
        if instances == max(by_cpu, 1):
            break  # more slots would not need fewer instances
    return Settings(concurrency, instances, calls * load.domains)


def capacity(
    load: Load,
    usage: Usage,
    concurrency: int = DEFAULT_CONCURRENCY,
    max_instances: int = DEFAULT_INSTANCES,
) -> float:
    """Events/s of all domains when every slot is in use."""
    slots = concurrency * max_instances * load.domains
    return slots / load.busy_seconds(usage)


def instances(load: Load, usage: Usage) -> float:
    """Instances that are billed, on average: those with a request in flight.

    One instance is billed for the share of the time in which a request is in flight,
    1 − e^(−rate × seconds), rounded up to 0.1 s each; several are billed all the time.
    """
    ingest = _billed(
        math.ceil(load.events_per_second * load.ingest_cpu_ms / 1000 / CPU_FILL),
        load.events_per_second * 0.1,
    )
    rate = load.events_per_second / load.domains
    seconds = math.ceil(load.busy_seconds(usage) * 10) / 10
    consumer = _billed(settings(load, usage).max_instances, rate * seconds)
    return ingest + load.domains * consumer


def _billed(count: int, in_flight: float) -> float:
    return count if count > 1 else 1 - math.exp(-in_flight)


def price(name: str, amount: float) -> float:
    """Dollars for *amount* a month beyond what is free."""
    row = PRICES[name]
    return max(amount - row["free"], 0) * row["dollars"] / row["per"]


def fixed() -> float:
    """Dollars a month that no event causes."""
    return (
        price("alert_condition", ALERT_CONDITIONS)
        + price("time_series_read", 3e6)
        + price("image_gb", 3)
    )


def monthly(
    load: Load, usage: Usage, instance_count: float | None = None
) -> dict[str, float]:
    """Dollars a month by part.

    Args:
        instance_count: in place of what the model says.
    """
    events = load.events_per_second * SECONDS_A_MONTH
    if instance_count is None:
        instance_count = instances(load, usage)
    seconds = instance_count * SECONDS_A_MONTH
    operations = {
        name: events * usage.operations.get(name, 0)
        for name in ("reads", "writes", "deletes")
    }
    documents = operations["deletes"] / 30 * usage.ledger_days  # at any time
    amounts = (
        price("vcpu_second", seconds) + price("gib_second", seconds * MEMORY_GIB),
        price("request", events * usage.requests),
        price("pubsub_byte", events * usage.message_bytes),
        price("read", operations["reads"])
        + price("write", operations["writes"])
        + price("delete", operations["deletes"]),
        price("stored_byte", documents * usage.document_bytes),
        price("log_byte", events * usage.log_bytes),
        fixed(),
    )
    return dict(zip(PARTS, amounts, strict=True))


def per_million(load: Load, usage: Usage) -> dict[str, float]:
    """Dollars per million events by part."""
    millions = load.events_per_second * SECONDS_A_MONTH / 1e6
    return {part: cost / millions for part, cost in monthly(load, usage).items()}


def total(parts: Mapping[str, float]) -> float:
    """The sum of the parts as they are shown, in whole cents, so that it adds up."""
    return sum(round(dollars, 2) for dollars in parts.values())


def with_notes() -> Usage:
    """An inbound event while the other direction is deployed: changes are noted."""
    inbound, note = OPERATIONS["inbound"], OPERATIONS["note"]
    names = inbound.keys() | note.keys()
    return Usage({name: inbound.get(name, 0) + note.get(name, 0) for name in names})


# What an event used before the steps below.
BEFORE = Usage(
    {"reads": 3, "writes": 3, "deletes": 2},
    log_line_bytes=5000,
    envelope_bytes=0,
    request_logs=0,
)


def steps() -> list[tuple[str, Load, Usage]]:
    """What was changed, in order, and load and use after it; at 100 events/s."""
    now, two = Usage(), Load(100, concurrency=2)
    entries = replace(BEFORE, log_line_bytes=3000)
    operations = replace(entries, operations=now.operations)
    return [
        ("before", two, BEFORE),
        ("one log entry per request and per delivery", two, entries),
        ("fewer operations of the ledger", two, operations),
        ("no labels in entries, no request log of consumers, sizes counted", two, now),
        ("4 calls at once per instance", replace(two, concurrency=4), now),
        ("16 calls at once per instance", replace(two, concurrency=16), now),
    ]


def report(load: Load, usage: Usage) -> str:
    """The costs of one load, for a terminal."""
    chosen = settings(load, usage)
    lines = [
        f"{load.events_per_second:g} events/s, {load.commerce_ms:g} ms at Commerce,"
        f" {load.domains} domains: {chosen.calls:.1f} calls to Commerce at once",
        f"consumers: concurrency {chosen.concurrency}, max_instances"
        f" {chosen.max_instances} per domain{_beside_defaults(load, usage, chosen)}",
        "",
        f"{'US dollars':26}{'a month':>14}{'a million events':>20}",
    ]
    month, million = monthly(load, usage), per_million(load, usage)
    for part in PARTS:
        lines.append(f"{part:26}{month[part]:>14,.2f}{million[part]:>20,.2f}")
    lines.append(f"{'together':26}{total(month):>14,.2f}{total(million):>20,.2f}")
    return "\n".join(lines)


def _beside_defaults(load: Load, usage: Usage, chosen: Settings) -> str:
    default = (DEFAULT_CONCURRENCY, DEFAULT_INSTANCES)
    if (chosen.concurrency, chosen.max_instances) == default:
        return " (the defaults)"
    return (
        f"; the defaults, {default[0]} and {default[1]},"
        f" carry at most {capacity(load, usage):.0f} events/s"
    )


def main() -> None:
    """Print the costs of the load that the options name."""
    usages = {
        "inbound": Usage(),
        "noted": with_notes(),
        "outbound": Usage(OPERATIONS["outbound"]),
    }
    parser = argparse.ArgumentParser(
        prog="make costs",
        description="Compute what a load costs a month and per million events, from"
        " list prices (tools/costs.json) and counted use (docs/costs.md).",
        epilog='Example: make costs ARGS="--events-per-second 40 --commerce-ms 250"',
    )
    parser.add_argument(
        "--events-per-second",
        type=number(float, 0.001, 1_000_000),
        default=10,
        metavar="RATE",
        help="day and night, of all domains together (default: %(default)s)",
    )
    parser.add_argument(
        "--commerce-ms",
        type=number(float, 0, 180_000),
        default=300,
        metavar="MS",
        help="that Commerce takes for an event, all its calls (default: %(default)s)",
    )
    parser.add_argument(
        "--domains",
        type=number(int, 1, 4),
        default=4,
        metavar="1-4",
        help="that share the events evenly (default: %(default)s)",
    )
    parser.add_argument(
        "--concurrency",
        type=number(int, 1, 80),
        metavar="1-80",
        help="of each consumer (default: the smallest of"
        f" {', '.join(map(str, CONCURRENCIES))} that needs no further instance)",
    )
    parser.add_argument(
        "--kind",
        choices=list(usages),
        default="inbound",
        help="of the events: inbound; noted: inbound where outbound is deployed, too;"
        " outbound (default: %(default)s)",
    )
    options = parser.parse_args()
    load = Load(
        options.events_per_second,
        options.commerce_ms,
        domains=options.domains,
        concurrency=options.concurrency,
    )
    sys.stdout.write(report(load, usages[options.kind]) + "\n")


if __name__ == "__main__":
    main()
