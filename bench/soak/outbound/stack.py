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
    ingest: Process | None = None
    inbound_consumer: Process | None = None

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
    inbound: tuple[str, dict[str, str]] | None = None,
    **delivery: float,
) -> AsyncIterator[OutboundStack]:
    """Start the processes, and stop them at the end.

    Args:
        push_to: URL that the broker pushes to.
        speed: of the broker's clocks.
        environment: more variables for the functions.
        inbound: the other direction, too: the URL that the broker pushes to, and the
            variables that its consumer has in place of TARGET_….
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
    processes = [stack.receiver, *stack.consumers]
    topics = [(push_to, catalog.OUTBOUND_ENTITIES)]
    if inbound:
        inbound_push_to, more = inbound
        theirs = {k: v for k, v in variables.items() if not k.startswith("TARGET_")}
        stack.ingest = function_process(folder, "ingest", "ingest", theirs)
        stack.inbound_consumer = function_process(
            folder, "consumer", "inbound", {**theirs, **more}
        )
        processes += [stack.ingest, stack.inbound_consumer]
        topics.append((inbound_push_to, catalog.INBOUND_ENTITIES))
    try:
        await start(stack.broker)
        settings = DeliverySettings.from_catalog(**delivery)
        for url, entities in topics:
            address = stack.broker.address
            await provision(address, PROJECT, PREFIX, url, settings, entities)
        await start(*processes)
        _announce(stack)
        yield stack
    finally:
        processes.append(stack.broker)
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
