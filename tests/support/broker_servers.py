"""Brokers under test: ours in a thread or a process, and Google's emulator."""

import asyncio
import os
import queue
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from local.broker import Broker
from local.processes import Process, Program, base_environment, free_port
from tests.support import machine

START_SECONDS = 60


class NotStarted(Exception):
    """A broker does not print its address."""


class ThreadedBroker:
    """Our broker in a thread of its own; *options* are those of ``Broker``.

    Args:
        state: its file; None for none.

    Attributes:
        address: ``host:port``.
    """

    def __init__(self, state: Path | None = None, **options) -> None:
        self._state = state
        self._options = options
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "ThreadedBroker":
        self._thread.start()
        if not self._started.wait(START_SECONDS):
            raise NotStarted("The broker's thread does not start.")
        return self

    def __exit__(self, *_) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def crash(self) -> Path:
        """A copy of the state's file, as a process that is killed now leaves it."""
        copies: queue.Queue[Path] = queue.Queue()
        # Between two turns of the loop, where no transaction is open.
        self._loop.call_soon_threadsafe(lambda: copies.put(self._copy()))
        return copies.get(timeout=START_SECONDS)

    def _copy(self) -> Path:
        copy = self._state.with_name(f"{self._state.name}-crashed")
        for suffix in ("", "-wal"):
            shutil.copy(f"{self._state}{suffix}", f"{copy}{suffix}")
        return copy

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        path = ":memory:" if self._state is None else self._state
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            broker = Broker(db, **self._options)
            self.address = await broker.start()
            self._started.set()
            await self._stop.wait()
            await broker.stop()


@contextmanager
def ours(**options) -> Iterator[str]:
    """Our broker; its ``host:port``."""
    with ThreadedBroker(**options) as broker:
        yield broker.address


@contextmanager
def process(folder: Path, *arguments: str) -> Iterator[Process]:
    """Our broker's process, killed at the end; its output is in *folder*."""
    command = [sys.executable, "-m", "local.broker", "--port", "0", *arguments]
    log = folder / "broker.txt"
    log.unlink(missing_ok=True)
    program = Program("the broker", command, base_environment(), log=log)
    child = Process(program).start()
    try:
        yield child
    finally:
        child.kill()


@contextmanager
def google() -> Iterator[str]:
    """Google's emulator, started as ``gcloud`` does."""
    start = machine.emulators() / "pubsub-emulator" / "bin" / "cloud-pubsub-emulator"
    port = free_port()  # given 0 it takes one and does not print it
    child = subprocess.Popen(
        ["/bin/sh", str(start), "--host=127.0.0.1", f"--port={port}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **machine.QUICK_JAVA, "JAVA_OPTS": "-Xmx256m"},
    )
    try:
        yield f"127.0.0.1:{_first_match(child, r'listening on ([0-9]+)')}"
    finally:
        child.kill()
        child.communicate()


def _first_match(child: subprocess.Popen, pattern: str) -> str:
    """The first match in its output; what follows is read and dropped."""
    matches: queue.Queue[str] = queue.Queue()

    def read_output() -> None:
        for line in child.stdout:
            if match := re.search(pattern, line):
                matches.put(match[1])
        matches.put("")

    threading.Thread(target=read_output, daemon=True).start()
    try:
        match = matches.get(timeout=START_SECONDS)
    except queue.Empty:
        raise NotStarted("The broker does not print its address.") from None
    if not match:
        raise NotStarted("The broker ended at once.")
    return match
