"""The processes of one contestant: ingest, broker, consumer and the stand-in."""

import asyncio
import json
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import hardware
from bench.contests import AUTHENTICATION
from local.processes import (
    Process,
    Program,
    base_environment,
    free_port,
    function_program,
)
from local.provision import DeliverySettings, provision

CONCURRENCY = 4  # threads of the consumer, and calls at once; as deployed


@dataclass(frozen=True)
class Contestant:
    """One pipeline.

    Attributes:
        name: in the table.
        is_bare: with the bare functions instead of ours.
        environment: more variables for the consumer.
        consumer: file of ours, by another name than the deployed one's.
    """

    name: str
    is_bare: bool
    environment: dict[str, str]
    consumer: str = "functions/consumer/main.py"


@dataclass(frozen=True)
class Pipeline:
    """The running processes of a contestant."""

    contestant: Contestant
    broker: Process
    stand_in: Process
    ingest: Process
    consumer: Process

    @property
    def processes(self) -> dict[str, Process]:
        """By the names of the table's columns."""
        return {
            "ingest": self.ingest,
            "broker": self.broker,
            "consumer": self.consumer,
            "stand-in": self.stand_in,
        }

    def cpu(self) -> dict[str, float]:
        """Seconds of CPU that each process has used."""
        seconds = hardware.cpu_seconds
        return {name: seconds(one.pid) for name, one in self.processes.items()}

    def control(self, **values: Any) -> dict[str, int]:
        """Set *values* of the stand-in's ``State``; its counts."""
        return self._request("set", json.dumps(values).encode())

    def take(self) -> dict[str, float]:
        """When each SKU was applied, since the last time."""
        return self._request("take", b"{}")

    def _request(self, name: str, body: bytes) -> dict[str, Any]:
        url = f"{self.stand_in.url}/bench/{name}"
        with urllib.request.urlopen(url, body, timeout=30) as response:  # noqa: S310
            return json.load(response)


@dataclass(frozen=True)
class Surroundings:
    """What all pipelines share: the same broker and the same stand-in.

    Attributes:
        folder: of state and logs.
        firestore: ``host:port`` of the emulator; None without it.
    """

    folder: Path
    broker: Process
    stand_in: Process
    firestore: str | None


@contextmanager
def surroundings(ledgers: list[str], speed: float = 1.0) -> Iterator[Surroundings]:
    """Start broker and stand-in, and Firestore's emulator for its ledger.

    Args:
        speed: of the broker's clocks.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        firestore = None
        if "Firestore" in ledgers:
            firestore = stack.enter_context(hardware.firestore())
            if firestore is None:
                progress("Firestore's emulator or Java is missing: left out")
        options = ("--state", f"{folder}/broker.sqlite", "--speed", str(speed))
        # They choose their ports themselves: a free one might be taken by then.
        broker = stack.enter_context(_module(folder, "local.broker", *options))
        stand_in = stack.enter_context(_module(folder, "bench.pipeline.stand_in"))
        yield Surroundings(folder, broker, stand_in, firestore)


def contestants(around: Surroundings, ledgers: list[str]) -> list[Contestant]:
    """The bare pipeline, and ours with each of *ledgers* that can run."""
    sqlite = f"sqlite:{around.folder}/ledger.sqlite"
    ours = {"memory": {"LEDGER": "memory"}, "SQLite": {"LEDGER": sqlite}}
    if around.firestore:
        emulator = {"FIRESTORE_EMULATOR_HOST": around.firestore}
        ours["Firestore"] = {"LEDGER": "firestore", **emulator}
    compared = [Contestant(name, False, ours[name]) for name in ours if name in ledgers]
    return [Contestant("bare", True, {}), *compared]


def progress(line: str) -> None:
    """Write *line* to standard error."""
    sys.stderr.write(f"{line}\n")


@contextmanager
def running(contestant: Contestant, around: Surroundings) -> Iterator[Pipeline]:
    """Start ingest and consumer of *contestant*, with logs in a folder of its own."""
    folder = around.folder / contestant.name
    folder.mkdir(parents=True, exist_ok=True)
    project = f"bench-{contestant.name.lower()}"
    ingest, consumer = _functions(contestant, project, around, folder)
    asyncio.run(
        provision(
            around.broker.address,
            project,
            "commerce-",
            f"{consumer.url}/",
            DeliverySettings.from_catalog(),
            ["product", "stock"],
        )
    )
    with ingest, consumer:
        yield Pipeline(contestant, around.broker, around.stand_in, ingest, consumer)


def _module(folder: Path, name: str, *options: str) -> Process:
    command = [sys.executable, "-m", name, "--port", "0", *options]
    log = folder / f"{name}.log"
    return Process(Program(name, command, base_environment(), log=log))


def _functions(
    contestant: Contestant, project: str, around: Surroundings, folder: Path
) -> tuple[Process, Process]:
    """Ingest and consumer."""
    environment = {
        **base_environment(),
        "GOOGLE_CLOUD_PROJECT": project,
        "PUBSUB_EMULATOR_HOST": around.broker.address,
    }
    consumer = {
        **environment,
        "THREADS": str(CONCURRENCY),
        "COMMERCE_CONCURRENCY": str(CONCURRENCY),
        "COMMERCE_BASE_URL": f"{around.stand_in.url}/rest/",
        "COMMERCE_CONSUMER_KEY": "k" * 32,
        "COMMERCE_CONSUMER_SECRET": "s" * 32,
        "COMMERCE_ACCESS_TOKEN": "t" * 32,
        "COMMERCE_ACCESS_TOKEN_SECRET": "u" * 32,
        "ECHO_SECONDS": "0",  # as deployed without outbound events
        **contestant.environment,
    }
    sources = ["functions/ingest/main.py", contestant.consumer]
    targets = ["ingest", "consumer"]
    if contestant.is_bare:
        sources = ["bench/functions/bare_ingest.py", "bench/functions/bare_consumer.py"]
        targets = ["bare", "bare"]
    return (
        _function(
            "ingest", sources[0], targets[0], environment | AUTHENTICATION, folder
        ),
        _function("consumer", sources[1], targets[1], consumer, folder),
    )


def _function(
    name: str, source: str, target: str, environment: dict[str, str], folder: Path
) -> Process:
    log = folder / f"{name}.log"
    program = function_program(name, source, target, free_port(), environment, log)
    return Process(program)
