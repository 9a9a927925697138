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
        await start(stack.broker, stack.commerce)
        await provision(
            stack.broker.address,
            PROJECT,
            PREFIX,
            push_to or f"{stack.consumers[0].url}/",
            DeliverySettings.from_catalog(**delivery),
        )
        await start(stack.ingest, *stack.consumers)
        _announce(stack)
        yield stack
    finally:
        await asyncio.gather(
            *(asyncio.to_thread(process.stop) for process in stack.processes)
        )
        (folder / "stack.json").unlink(missing_ok=True)


async def start(*processes: Process) -> None:
    """Start all of *processes* at once.

    Raises:
        StartFailed: one does not start.
    """
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

    return SplitStack(
        folder,
        module_process(folder, "broker", broker_port, "--speed", str(speed)),
        module_process(folder, "commerce", commerce_port),
        function_process(folder, "ingest", "ingest", function_environment),
        [
            function_process(folder, "consumer", f"consumer-{n}", function_environment)
            for n in range(consumers)
        ],
    )


def module_process(folder: Path, name: str, port: int, *options: str) -> Process:
    """The local module *name* as a process, with state and log in *folder*."""
    command = [
        *(sys.executable, "-m", f"local.{name}", "--port", str(port)),
        *("--state", f"{folder}/{name}.sqlite", *options),
    ]
    log = folder / f"{name}.log"
    return Process(Program(name, command, base_environment(), port, log=log))


def function_process(
    folder: Path, target: str, name: str, environment: dict[str, str]
) -> Process:
    """The function *target* as a process called *name*, with its log in *folder*."""
    source = f"functions/{target}/main.py"
    log = folder / f"{name}.log"
    program = function_program(name, source, target, free_port(), environment, log)
    return Process(program)


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
