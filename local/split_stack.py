"""The stack as separate processes, each of which can be killed: for soak and tests."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from local.commerce import Credentials
from local.processes import (
    Process,
    Program,
    base_environment,
    free_port,
    function_program,
)
from local.provision import DeliverySettings, provision

PROJECT = "split"
PREFIX = "commerce-"


@dataclass
class SplitStack:
    """The running processes.

    Attributes:
        folder: of state, logs and ``stack.json``, by which commands find the stack.
    """

    folder: Path
    broker: Process
    commerce: Process
    ingest: Process
    consumers: list[Process]

    @property
    def ledger(self) -> Path:
        """The SQLite file of the consumers' ledger."""
        return self.folder / "ledger.sqlite"

    @property
    def processes(self) -> list[Process]:
        """All, in the order of their start."""
        return [self.broker, self.commerce, self.ingest, *self.consumers]


@asynccontextmanager
async def split_stack(
    folder: Path,
    push_to: str | None = None,
    *,
    consumers: int = 1,
    speed: float = 1.0,
    environment: dict[str, str] | None = None,
    **delivery: float,
) -> AsyncIterator[SplitStack]:
    """Start the processes, and stop them at the end.

    Args:
        push_to: URL that the broker pushes to; None for the first consumer.
        speed: of the broker's clocks.
        environment: more variables for the functions.
        delivery: what differs from the catalogue's delivery settings.

    Raises:
        StartFailed: one does not start.
    """
    stack = _build(folder, consumers, speed, environment or {})
    try:
        await _start(stack.broker, stack.commerce)
        await provision(
            stack.broker.address,
            PROJECT,
            PREFIX,
            push_to or f"{stack.consumers[0].url}/",
            DeliverySettings.from_catalog(**delivery),
        )
        await _start(stack.ingest, *stack.consumers)
        _announce(stack)
        yield stack
    finally:
        await asyncio.gather(
            *(asyncio.to_thread(process.stop) for process in stack.processes)
        )
        (folder / "stack.json").unlink(missing_ok=True)


async def _start(*processes: Process) -> None:
    await asyncio.gather(*(asyncio.to_thread(process.start) for process in processes))


def _build(
    folder: Path, consumers: int, speed: float, environment: dict[str, str]
) -> SplitStack:
    broker_port, commerce_port = free_port(), free_port()
    credentials = Credentials()
    function_environment = {
        **base_environment(),
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "PUBSUB_EMULATOR_HOST": f"127.0.0.1:{broker_port}",
        "LEDGER": f"sqlite:{folder}/ledger.sqlite",
        "COMMERCE_BASE_URL": f"http://127.0.0.1:{commerce_port}/rest/",
        "COMMERCE_CONSUMER_KEY": credentials.consumer_key,
        "COMMERCE_CONSUMER_SECRET": credentials.consumer_secret,
        "COMMERCE_ACCESS_TOKEN": credentials.access_token,
        "COMMERCE_ACCESS_TOKEN_SECRET": credentials.access_token_secret,
        **environment,
    }

    def module(name: str, port: int, *options: str) -> Process:
        command = [
            *(sys.executable, "-m", f"local.{name}", "--port", str(port)),
            *("--state", f"{folder}/{name}.sqlite", *options),
        ]
        log = folder / f"{name}.log"
        return Process(Program(name, command, base_environment(), port, log=log))

    def function(target: str, name: str) -> Process:
        source = f"functions/{target}/main.py"
        log = folder / f"{name}.log"
        program = function_program(
            name, source, target, free_port(), function_environment, log
        )
        return Process(program)

    return SplitStack(
        folder,
        module("broker", broker_port, "--speed", str(speed)),
        module("commerce", commerce_port),
        function("ingest", "ingest"),
        [function("consumer", f"consumer-{number}") for number in range(consumers)],
    )


def _announce(stack: SplitStack) -> None:
    content = {
        "ingest": stack.ingest.url,
        "console": None,
        "broker": stack.broker.address,
        "commerce": stack.commerce.url,
        "real_store": False,
        "consumer": f"{stack.consumers[0].url}/",
        "project": PROJECT,
        "ledger": f"sqlite:{stack.ledger}",
        "pid": os.getpid(),
    }
    (stack.folder / "stack.json").write_text(json.dumps(content))
