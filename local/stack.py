"""Starts the rooms and the functions in order, and ends them in order."""

import asyncio
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cli.environment import ROOT
from cli.where import Where
from functions.ledger.stores import open_store
from functions.pubsub.endpoint import Endpoint
from local import ports
from local.broker import Broker
from local.children import Child, Function
from local.commerce import StandIn
from local.console import Console
from local.console.desk import Desk
from local.files import Files, Occupied, OfAnother, Unusable
from local.in_order import InOrder
from local.journal import Journal
from local.ports import CannotStart
from local.provision import Delivery, provision
from local.settings import PASSED, LocalSettings
from local.terminal import Terminal

PROJECT = "local"
LOOPBACK = "127.0.0.1"
FROM_SHELL = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "PYTHONPATH")
LONGEST_SHOWN = 20_000  # bytes of a payload that the journal keeps
STAND_IN = "the stand-in"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


class Stack:
    """Everything that runs on one machine.

    Args:
        env: the process's environment with ``.env`` beneath it.
    """

    def __init__(
        self, settings: LocalSettings, env: dict[str, str], terminal: Terminal
    ) -> None:
        self._settings = settings
        self._env = env
        self._terminal = terminal
        self._files: Files | None = None
        self._rooms: list = []  # started, in order; each has an async stop()

    async def start(self) -> None:
        """Start everything and say where it is.

        Raises:
            CannotStart: a port or the folder is taken.
            StartFailed: a function does not come up.
        """
        settings = self._settings
        # The folder first: who starts it twice is told so, not that a port is taken.
        self._files = files = _hold(ROOT / settings.state)
        ports.check(settings.host, settings.port, LOOPBACK, settings.console_port)
        _keep_apart(files, settings.commerce_url)
        self._say_where_it_goes_on(files)
        journal = Journal(files.open())
        journal.listen(self._terminal.entry)

        broker = Broker(files.open(), observe=_room(journal, "broker"), held=True)
        broker_at = await self._started(broker, LOOPBACK, 0)
        sign_in, commerce_at, stand_in = {}, settings.commerce_url, None
        if not commerce_at:
            stand_in = StandIn(files.open(), observe=_room(journal, "commerce"))
            commerce_at = "http://" + await self._started(stand_in, LOOPBACK, 0)
            sign_in = stand_in.environment(commerce_at)

        consumer = self._function("consumer", ports.free(LOOPBACK), broker_at, sign_in)
        ingest = self._function(
            "ingest", settings.port or ports.free(LOOPBACK), broker_at, {}
        )
        await provision(
            broker_at,
            PROJECT,
            self._env.get("TOPIC_PREFIX", "commerce-"),
            f"http://{LOOPBACK}:{consumer.port}/",
            self._delivery(),
        )
        told = InOrder(journal.observe)
        children = [self._child(each, journal, told) for each in (consumer, ingest)]
        self._rooms += [told, *children]
        await asyncio.gather(*(child.start() for child in children))
        broker.release()
        stack = {
            "ingest": f"http://{_shown(settings.host)}:{ingest.port}",
            "console": None,
            "broker": broker_at,
            "commerce": commerce_at,
            "real_store": stand_in is None,
            "consumer": f"http://{LOOPBACK}:{consumer.port}/",
            "project": PROJECT,
            "ledger": f"sqlite:{files.ledger}",
            "pid": os.getpid(),
        }
        console = Console(journal, broker, stand_in, self._desk(stack))
        stack["console"] = "http://" + await self._started(
            console, LOOPBACK, settings.console_port
        )
        files.announce(stack)
        self._say_ready(stack)

    async def stop(self) -> None:
        """End everything that was started, last first; nothing is left listening."""
        children = [room for room in self._rooms if isinstance(room, Child)]
        await asyncio.gather(*(child.stop() for child in children))
        for room in reversed(self._rooms):
            if not isinstance(room, Child):
                await room.stop()
        if self._files:
            self._files.close()

    async def _started(self, room, host: str, port: int) -> str:
        address = await room.start(host, port)
        self._rooms.append(room)
        return address

    def _function(
        self, name: str, port: int, broker_at: str, more: dict[str, str]
    ) -> Function:
        env = self._env
        passed = {
            variable: value
            for variable, value in env.items()
            if variable.startswith(PASSED)
            or variable in (*FROM_SHELL, *PROXIES)
            or variable.upper() in PROXIES
        }
        own = {
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "PUBSUB_EMULATOR_HOST": broker_at,
            "LEDGER": f"sqlite:{self._files.ledger}",
            "LOG_LEVEL": self._settings.log_level,
            "LOG_EXECUTION_ID": "false",
            "PYTHONUNBUFFERED": "1",
        }
        for kept in ("TOPIC_PREFIX", "LEDGER_DAYS", "MAX_BODY_BYTES", "THREADS"):
            if kept in env:
                own[kept] = env[kept]
        source = f"functions/{name}/main.py"
        host = self._settings.host if name == "ingest" else LOOPBACK
        return Function(name, source, name, host, port, {**passed, **more, **own})

    def _child(
        self, function: Function, journal: Journal, observe: Callable[..., None]
    ) -> Child:
        def line(name: str, said: dict | str) -> None:
            if isinstance(said, dict) and "stage" in said:
                observe(said["stage"], at=_moment(said), **_labels(said))
                if said.get("severity") == "ERROR" and "outcome" not in said:
                    self._terminal.say(f"[{name}] {said.get('message')}")
            elif isinstance(said, dict):
                self._terminal.say(
                    f"[{name}] {said.get('severity')}: {said.get('message')}"
                )
            else:
                self._terminal.say(f"[{name}] {said}")

        def died(name: str, status: int) -> None:
            journal.observe("restarted", room=name, status=status)
            self._terminal.say(
                f"{name} ended by itself (status {status}): restarting it"
            )

        return Child(function, str(ROOT), line, died)

    def _delivery(self) -> Delivery:
        settings = self._settings
        return Delivery.of_catalogue(
            minimum_backoff_seconds=settings.minimum_backoff,
            maximum_backoff_seconds=settings.maximum_backoff,
            max_delivery_attempts=settings.max_delivery_attempts,
        )

    def _say_where_it_goes_on(self, files: Files) -> None:
        if not files.fresh:
            self._terminal.say(
                f"going on where the last run stopped ({files.folder}; make clean-state"
                " forgets it)"
            )

    def _desk(self, stack: dict) -> Desk:
        tokens = self._env.get("INGEST_TOKENS", "").split(",")
        where = Where(
            project=PROJECT,
            prefix=self._env.get("TOPIC_PREFIX", "commerce-"),
            pubsub=Endpoint(stack["broker"], True),
            store=open_store(stack["ledger"], PROJECT),
            stack=stack,
            state=self._files.state,
        )
        return Desk(where, tokens[0].rpartition(":")[2].strip())

    def _say_ready(self, stack: dict) -> None:
        note = "" if self._settings.commerce_url else " (stand-in)"
        for text in (
            f"console   {stack['console']}  (open it in a browser)",
            f"ingest    {stack['ingest']}",
            f"commerce  {stack['commerce']}{note}",
            "",
            "Try in another terminal:",
            "  make send                 one sample event",
            "  make send EVENT=all       all 13",
            "Ctrl-C ends everything.",
            "",
        ):
            self._terminal.say(text)


def _room(journal: Journal, room: str):
    """What a room calls with what it saw; marked with the room's name."""

    def observe(stage: str, data: bytes | None = None, **labels) -> None:
        if data is not None:
            labels["data"] = data[:LONGEST_SHOWN].decode(errors="replace")
        journal.observe(stage, room=room, **labels)

    return observe


def _moment(said: dict) -> float | None:
    """When a line was written; None where it does not say."""
    try:
        return datetime.fromisoformat(said["time"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return None


_DROPPED = ("severity", "stage", "time")


def _labels(said: dict) -> dict:
    return {
        name: value
        for name, value in said.items()
        if name not in _DROPPED and not name.startswith("logging.googleapis.com/")
    }


def _keep_apart(files: Files, commerce_url: str) -> None:
    try:
        files.belong_to(commerce_url.rstrip("/") or STAND_IN)
    except OfAnother as error:
        raise CannotStart(
            f"{files.folder} holds the events of {error}, not of"
            f" {commerce_url or STAND_IN}: make clean-state forgets them, or choose"
            " another folder: LOCAL_STATE=.local2 make run"
        ) from None


def _hold(folder: Path) -> Files:
    try:
        files = Files(folder)
        files.check()
        return files
    except Occupied as error:
        pid = f" (process {error.pid})" if error.pid else ""
        raise CannotStart(
            f"A stack is running here already{pid}: stop it with Ctrl-C where it was"
            " started, or choose another folder: LOCAL_STATE=.local2 make run"
        ) from None
    except Unusable as error:
        raise CannotStart(
            f"{error}: choose another folder, LOCAL_STATE=.local2 make run, or move it"
            " away"
        ) from None


def _shown(host: str) -> str:
    return "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 compared, not bound
