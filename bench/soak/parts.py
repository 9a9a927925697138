"""The processes of a soak, each by itself, so that each can be killed."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine import ROOT, START_SECONDS, free_port
from local.commerce import Credentials
from local.provision import Delivery, provision

PROJECT = "soak"
PREFIX = "commerce-"


class DidNotStart(Exception):
    """A process ended, or did not listen; says what it said last."""


class Program:
    """A process that listens on a port of its own, and keeps it when started again."""

    def __init__(
        self, name: str, command: list[str], port: int, env: dict[str, str], log: Path
    ) -> None:
        self.name = name
        self.port = port
        self._command = command
        self._env = env
        self._log = log
        self._process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it and wait until it listens.

        Raises:
            DidNotStart: it does not.
        """
        base = {
            name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ
        }
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 our own programs
                self._command,
                cwd=ROOT,
                env={**base, **self._env},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                while self._process.poll() is None:
                    if self._listens():
                        return
                    await asyncio.sleep(0.05)
        said = self._log.read_text(errors="replace").strip().splitlines()
        raise DidNotStart(f"{self.name}: {said[-1] if said else 'it said nothing'}")

    def kill(self) -> None:
        """SIGKILL to it and its worker, which are a group of their own."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def ask_to_end(self) -> None:
        """Let it end by itself."""
        if self._process is not None:
            self._process.terminate()

    def stop(self) -> None:
        """Wait until it has ended; with force if it must be."""
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self.kill()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _listens(self) -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        return False


@dataclass
class Parts:
    """What is running.

    Attributes:
        broker: ``host:port``.
        folder: of the state, and of ``stack.json``, by which the operator's commands
            find all this.
    """

    folder: Path
    broker: Program
    shop: Program
    ingest: Program
    consumers: list[Program] = field(default_factory=list)

    @property
    def ledger(self) -> Path:
        """The SQLite file of the consumers' ledger."""
        return self.folder / "ledger.sqlite"

    @property
    def broker_at(self) -> str:
        """``host:port``, for clients."""
        return f"127.0.0.1:{self.broker.port}"

    def all(self) -> list[Program]:
        """In the order to start them."""
        return [self.broker, self.shop, self.ingest, *self.consumers]


@asynccontextmanager
async def running(
    folder: Path,
    push_to: str | None,
    *,
    consumers: int = 1,
    speed: float = 1.0,
    environment: dict[str, str] | None = None,
    **delivery: float,
) -> AsyncIterator[Parts]:
    """Start everything; end it again.

    Args:
        push_to: URL of what pushes go to; None: the first consumer.
        speed: of the broker's clocks.
        environment: more variables for the functions.
        delivery: what differs from the catalogue's numbers.
    """
    parts = _made(folder, consumers, speed, environment or {})
    try:
        await asyncio.gather(parts.broker.start(), parts.shop.start())
        await provision(
            parts.broker_at,
            PROJECT,
            PREFIX,
            push_to or f"{parts.consumers[0].url}/",
            Delivery.of_catalogue(**delivery),
        )
        functions = [parts.ingest, *parts.consumers]
        await asyncio.gather(*(function.start() for function in functions))
        _announce(parts)
        yield parts
    finally:
        for program in parts.all():
            program.ask_to_end()
        for program in parts.all():
            program.stop()
        (folder / "stack.json").unlink(missing_ok=True)


def _made(
    folder: Path, consumers: int, speed: float, environment: dict[str, str]
) -> Parts:

    broker, shop = free_port(), free_port()
    keys = Credentials()
    env = {
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "PUBSUB_EMULATOR_HOST": f"127.0.0.1:{broker}",
        "LEDGER": f"sqlite:{folder}/ledger.sqlite",
        "COMMERCE_BASE_URL": f"http://127.0.0.1:{shop}/rest/",
        "COMMERCE_CONSUMER_KEY": keys.consumer_key,
        "COMMERCE_CONSUMER_SECRET": keys.consumer_secret,
        "COMMERCE_ACCESS_TOKEN": keys.access_token,
        "COMMERCE_ACCESS_TOKEN_SECRET": keys.access_token_secret,
        **environment,
    }

    def program(name: str, port: int, *command: str, **env: str) -> Program:
        return Program(name, list(command), port, env, folder / f"{name}.log")

    def module(name: str, port: int, *more: str) -> Program:
        options = ("--port", str(port), "--state", f"{folder}/{name}.sqlite", *more)
        return program(name, port, sys.executable, "-m", f"local.{name}", *options)

    def function(target: str, name: str) -> Program:
        port = free_port()
        return program(
            name,
            port,
            str(Path(sys.executable).with_name("functions-framework")),
            *("--source", f"functions/{target}/main.py", "--target", target),
            *("--host", "127.0.0.1", "--port", str(port)),
            **env,
        )

    return Parts(
        folder,
        module("broker", broker, "--speed", str(speed)),
        module("commerce", shop),
        function("ingest", "ingest"),
        [function("consumer", f"consumer-{number}") for number in range(consumers)],
    )


def _announce(parts: Parts) -> None:
    stack = {
        "ingest": parts.ingest.url,
        "console": None,
        "broker": parts.broker_at,
        "commerce": parts.shop.url,
        "consumer": f"{parts.consumers[0].url}/",
        "project": PROJECT,
        "ledger": f"sqlite:{parts.ledger}",
        "pid": os.getpid(),
    }
    (parts.folder / "stack.json").write_text(json.dumps(stack))
