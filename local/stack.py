"""Starts the parts of the local stack in order, and stops them in order."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.credentials import local_credentials
from cli.deployment import Deployment, StackFile
from cli.environment import ROOT
from cli.terminal_text import printable
from functions.commerce.settings import DEFAULT_CONCURRENCY
from functions.events.catalog import ENTITIES, INBOUND_EVENTS
from functions.ledger.stores import open_ledger
from functions.pubsub.endpoint import Endpoint, topic_path
from functions.target.settings import is_target_set
from local import observations, ports
from local.back_office import BackOffice
from local.broker import Broker
from local.commerce import StandIn
from local.console.console import Console
from local.console.operations import Operations
from local.function_guard import PUSH_PATH, new_path
from local.functions import StackFunction
from local.journal import Journal
from local.ports import CannotStart
from local.processes import free_port
from local.provision import DEAD_LETTERS, DeliverySettings, provision
from local.settings import PASSED_PREFIXES, LocalSettings
from local.state_folder import (
    FolderInUse,
    FolderUnusable,
    OtherStore,
    OutdatedState,
    StateFolder,
)
from local.state_format import state_format
from local.terminal import Terminal

PROJECT = "local"
LOOPBACK = "127.0.0.1"
STAND_IN = "the stand-in"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
PASSED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "PYTHONPATH")
PASSED_SETTINGS = ("TOPIC_PREFIX", "LEDGER_DAYS", "MAX_BODY_BYTES")


class Stack:
    """Everything that runs on one machine.

    Args:
        env: the process's environment, with ``.env`` beneath it.
    """

    def __init__(
        self, settings: LocalSettings, env: dict[str, str], terminal: Terminal
    ) -> None:
        self._settings = settings
        self._env = env
        self._prefix = env.get("TOPIC_PREFIX", "commerce-")
        self._terminal = terminal
        self._folder: StateFolder | None = None
        self._functions: list[StackFunction] = []
        # In order of their start.
        self._servers: list[Broker | StandIn | BackOffice | Console] = []

    async def start(self) -> None:
        """Start everything and write its addresses to the terminal.

        Raises:
            CannotStart: a port or the folder is in use.
            StartFailed: a function does not start.
        """
        settings = self._settings
        # First, so that a second start here names the running stack and not a port.
        self._folder = folder = _lock_folder(ROOT / settings.state)
        ports.check(LOOPBACK, settings.port, settings.console_port)
        _check_store(folder, settings.commerce_url)
        if not folder.is_new:
            self._terminal.write(
                f"resuming from {folder.folder} (make clean-state deletes it)"
            )
        journal = Journal(folder.open())
        journal.listen(self._terminal.show)

        broker = Broker(
            folder.open(),
            observe=observations.of_broker(
                journal, topic_path(PROJECT, self._prefix + DEAD_LETTERS)
            ),
            held=True,
        )
        broker_address = await self._serve(broker, LOOPBACK, 0)
        credentials, commerce_url, stand_in = {}, settings.commerce_url, None
        if not commerce_url:
            stand_in = StandIn(folder.open(), observe=observations.of_stand_in(journal))
            commerce_url = "http://" + await self._serve(stand_in, LOOPBACK, 0)
            credentials = stand_in.environment(commerce_url)

        back_office, target = None, {}
        if not is_target_set(self._env):
            back_office = BackOffice()
            back_office_url = "http://" + await self._serve(back_office, LOOPBACK, 0)
            target = back_office.environment(back_office_url)

        path = new_path()
        consumer = self._function(
            "consumer",
            free_port(),
            broker_address,
            {**credentials, **target, PUSH_PATH: path},
            journal,
        )
        ingest = self._function(
            "ingest", settings.port or free_port(), broker_address, {}, journal
        )
        consumer_url = f"http://{LOOPBACK}:{consumer.port}{path}"
        await provision(
            broker_address,
            PROJECT,
            self._prefix,
            consumer_url,
            self._delivery_settings(),
            ENTITIES,
        )
        self._functions = [consumer, ingest]
        receiver = self._receiver(broker_address, stand_in, commerce_url, journal)
        if receiver:
            self._functions.append(receiver)
        await asyncio.gather(*(function.start() for function in self._functions))
        if stand_in and receiver:
            await stand_in.io_events.deliver_to(f"http://{LOOPBACK}:{receiver.port}/")
        broker.release()
        stack: StackFile = {
            "ingest": f"http://{LOOPBACK}:{ingest.port}",
            "console": None,
            "broker": broker_address,
            "commerce": commerce_url,
            "real_store": stand_in is None,
            "consumer": consumer_url,
            "commerce_events": receiver and f"http://{LOOPBACK}:{receiver.port}",
            "back_office": back_office and back_office_url,
            "project": PROJECT,
            "ledger": f"sqlite:{folder.ledger}",
            "pid": os.getpid(),
        }
        console = Console(
            journal, broker, stand_in, self._operations(stack), back_office
        )
        stack["console"] = "http://" + await self._serve(
            console, LOOPBACK, settings.console_port
        )
        folder.announce(stack)
        self._write_addresses(stack)

    async def stop(self) -> None:
        """Stop everything that was started, in reverse order."""
        for server in self._servers:
            if isinstance(server, Broker):
                server.hold()  # a consumer that has ended must not use up attempts
        await asyncio.gather(*(function.stop() for function in self._functions))
        for server in reversed(self._servers):
            await server.stop()
        if self._folder:
            self._folder.close()

    async def _serve(
        self, server: Broker | StandIn | BackOffice | Console, host: str, port: int
    ) -> str:
        address = await server.start(host, port)
        self._servers.append(server)
        return address

    def _receiver(
        self,
        broker_address: str,
        stand_in: StandIn | None,
        commerce_url: str,
        journal: Journal,
    ) -> StackFunction | None:
        """The receiver of Commerce's events; None where none could be verified.

        Events of a real store are Adobe's to deliver, through a tunnel to this machine.
        """
        variables = {}
        if stand_in:
            variables = {
                "OAUTH_CLIENT_ID": stand_in.credentials.client_id,
                "ADOBE_KEYS_URL": commerce_url,
            }
        elif not self._env.get("OAUTH_CLIENT_ID"):
            return None
        return self._function(
            "commerce_events", free_port(), broker_address, variables, journal
        )

    def _function(
        self,
        name: str,
        port: int,
        broker_address: str,
        variables: dict[str, str],
        journal: Journal,
    ) -> StackFunction:
        passed = {
            variable: value
            for variable, value in self._env.items()
            if variable.startswith(PASSED_PREFIXES)
            or variable in (*PASSED, *PASSED_SETTINGS)
            or variable.upper() in PROXIES
        }
        own = {
            "THREADS": consumer_threads(self._env),
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "PUBSUB_EMULATOR_HOST": broker_address,
            "LEDGER": f"sqlite:{self._folder.ledger}",
            "LOG_LEVEL": self._settings.log_level,
            "LOG_EXECUTION_ID": "false",
            "PYTHONUNBUFFERED": "1",
        }

        def note_exit(status: int) -> None:
            journal.observe("restarted", component=name, status=status)
            self._terminal.write(
                f"{name} ended unexpectedly (status {status}): restarting it"
            )

        return StackFunction(
            name,
            LOOPBACK,
            port,
            {**passed, **variables, **own},
            self._output_handler(name, observations.of_functions(journal)),
            note_exit,
        )

    def _output_handler(
        self, name: str, observe: Callable[[dict[str, Any]], None]
    ) -> Callable[[dict[str, Any] | str], None]:
        """Stores log entries in the journal, and shows other output as it is."""

        def handle_output(output: dict[str, Any] | str) -> None:
            if isinstance(output, str):
                self._terminal.write(f"[{name}] {printable(output)}")
                return
            stage, severity = output.get("stage"), output.get("severity")
            if stage:
                observe(output)
            if not stage or (severity == "ERROR" and "outcome" not in output):
                text = f"{severity}: {output.get('message')}"
                self._terminal.write(f"[{name}] {printable(text)}")

        return handle_output

    def _delivery_settings(self) -> DeliverySettings:
        settings = self._settings
        return DeliverySettings.from_catalog(
            minimum_backoff_seconds=settings.minimum_backoff,
            maximum_backoff_seconds=settings.maximum_backoff,
            max_delivery_attempts=settings.max_delivery_attempts,
        )

    def _operations(self, stack: StackFile) -> Operations:
        deployment = Deployment(
            project=PROJECT,
            prefix=self._prefix,
            pubsub=Endpoint(stack["broker"], True),
            ledger=open_ledger(stack["ledger"], PROJECT),
            stack=stack,
            state=self._folder.state,
        )
        return Operations(deployment, local_credentials(self._env))

    def _write_addresses(self, stack: StackFile) -> None:
        note = "" if self._settings.commerce_url else " (stand-in)"
        office = stack["back_office"]
        for text in (
            f"console   {stack['console']}  (open it in a browser)",
            f"ingest    {stack['ingest']}",
            f"commerce  {stack['commerce']}{note}",
            *([f"office    {office} (back office stand-in)"] if office else []),
            "",
            "Try in another terminal:",
            "  make send                 one sample event",
            f"  make send EVENT=all       all {len(INBOUND_EVENTS)} sample events",
            *(
                ["  make send EVENT=commerce.order.created  an event of Commerce"]
                if office and stack["commerce_events"]
                else []
            ),
            "Ctrl-C stops everything.",
            "",
        ):
            self._terminal.write(text)


def consumer_threads(env: dict[str, str]) -> str:
    """As deployed: a thread for each call that may be in flight, so none waits."""
    calls = env.get("COMMERCE_CONCURRENCY") or str(DEFAULT_CONCURRENCY)
    return env.get("THREADS") or calls


def _check_store(folder: StateFolder, commerce_url: str) -> None:
    store = commerce_url.rstrip("/") or STAND_IN
    try:
        folder.belong_to(store)
    except OtherStore as error:
        raise CannotStart(
            f"{folder.folder} holds the events of {error}, not of"
            f" {commerce_url or STAND_IN}: delete them with make clean-state, or choose"
            " another folder: LOCAL_STATE=.local2 make run"
        ) from None


def _lock_folder(path: Path) -> StateFolder:
    try:
        folder = StateFolder(path)
        try:
            folder.check(state_format())
        except (FolderUnusable, OutdatedState):
            folder.close()
            raise
        return folder
    except FolderInUse as error:
        pid = f" (process {error.pid})" if error.pid else ""
        raise CannotStart(
            f"A stack is running here already{pid}: stop it with Ctrl-C first, or"
            " choose another folder: LOCAL_STATE=.local2 make run"
        ) from None
    except OutdatedState:
        raise CannotStart(
            f"{path} holds the state of another version: delete it with make"
            " clean-state, or choose another folder: LOCAL_STATE=.local2 make run"
        ) from None
    except FolderUnusable as error:
        raise CannotStart(
            f"{error}: move it away, or choose another folder: LOCAL_STATE=.local2 make"
            " run"
        ) from None
