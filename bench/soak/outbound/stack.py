"""The outbound direction as separate processes, each of which can be killed."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from functions.events import catalog
from local.processes import Process, base_environment, free_port
from local.provision import DeliverySettings, provision
from local.split_stack import (
    PREFIX,
    PROJECT,
    function_process,
    module_process,
    start,
)


@dataclass
class OutboundStack:
    """The running processes.

    Attributes:
        folder: of state, logs and ``stack.json``, by which commands find the stack.
    """

    folder: Path
    broker: Process
    receiver: Process
    consumers: list[Process]

    @property
    def ledger(self) -> Path:
        """The SQLite file of the consumers' ledger."""
        return self.folder / "ledger.sqlite"


@asynccontextmanager
async def outbound_stack(
    folder: Path,
    push_to: str,
    consumers: int,
    speed: float,
    environment: dict[str, str],
    **delivery: float,
) -> AsyncIterator[OutboundStack]:
    """Start the processes, and stop them at the end.

    Args:
        push_to: URL that the broker pushes to.
        speed: of the broker's clocks.
        environment: more variables for the functions.
        delivery: what differs from the catalogue's delivery settings.

    Raises:
        StartFailed: one does not start.
    """
    port = free_port()
    variables = {
        **base_environment(),
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "PUBSUB_EMULATOR_HOST": f"127.0.0.1:{port}",
        "LEDGER": f"sqlite:{folder}/ledger.sqlite",
        **environment,
    }
    stack = OutboundStack(
        folder,
        module_process(folder, "broker", port, "--speed", str(speed)),
        function_process(folder, "commerce_events", "receiver", variables),
        [
            function_process(folder, "consumer", f"consumer-{number}", variables)
            for number in range(consumers)
        ],
    )
    processes = [stack.broker, stack.receiver, *stack.consumers]
    try:
        await start(stack.broker)
        settings = DeliverySettings.from_catalog(**delivery)
        await provision(
            stack.broker.address,
            PROJECT,
            PREFIX,
            push_to,
            settings,
            catalog.OUTBOUND_ENTITIES,
        )
        await start(stack.receiver, *stack.consumers)
        _announce(stack)
        yield stack
    finally:
        await asyncio.gather(*(asyncio.to_thread(one.stop) for one in processes))
        (folder / "stack.json").unlink(missing_ok=True)


def _announce(stack: OutboundStack) -> None:
    content = {
        "ingest": stack.receiver.url,
        "console": None,
        "broker": stack.broker.address,
        "commerce": stack.receiver.url,
        "real_store": False,
        "consumer": f"{stack.consumers[0].url}/",
        "project": PROJECT,
        "ledger": f"sqlite:{stack.ledger}",
        "pid": os.getpid(),
    }
    (stack.folder / "stack.json").write_text(json.dumps(content))
