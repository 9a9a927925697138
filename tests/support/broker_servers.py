"""The brokers that the conformance suite runs against, as child processes."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import machine, running

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60


class NotStarted(Exception):
    """A broker did not say that it listens."""


@contextmanager
def ours(*arguments: str) -> Iterator[str]:
    """Our broker alone; its ``host:port``."""
    with child(*arguments) as (_, address):
        yield address


@contextmanager
def child(*arguments: str) -> Iterator[tuple[subprocess.Popen, str]]:
    """Our broker's process with its address; killed at the end."""
    command = [sys.executable, "-m", "local.broker", "--port", "0", *arguments]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process, _address(process)
    finally:
        process.kill()
        process.communicate()


def stop(process: subprocess.Popen) -> tuple[int, str]:
    """End it as Ctrl-C does; exit status and what it said on standard error."""
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=10)
    return process.returncode, said


@contextmanager
def googles() -> Iterator[str]:
    """Google's emulator, started as ``gcloud`` would."""
    start = machine.emulators() / "pubsub-emulator" / "bin" / "cloud-pubsub-emulator"
    port = running.free_port()  # given 0 it takes one and does not say which
    process = subprocess.Popen(
        ["/bin/sh", str(start), "--host=127.0.0.1", f"--port={port}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "JAVA_OPTS": "-Xmx256m"},
    )
    try:
        yield f"127.0.0.1:{_first_match(process, r'listening on ([0-9]+)')}"
    finally:
        process.kill()
        process.communicate()


def _address(process: subprocess.Popen) -> str:
    line = _first_match(process, r"(.*)\n")
    if not line.startswith("listening on "):
        raise NotStarted(f"the broker said {line!r}")
    return line.split()[-1]


def _first_match(process: subprocess.Popen, pattern: str) -> str:
    """The first thing it says of that pattern; what follows is read and dropped."""
    found: queue.Queue[str] = queue.Queue()

    def read() -> None:
        for line in process.stdout:
            if match := re.search(pattern, line):
                found.put(match[1])
        found.put("")

    threading.Thread(target=read, daemon=True).start()
    try:
        said = found.get(timeout=START_SECONDS)
    except queue.Empty:
        raise NotStarted("it does not say that it listens") from None
    if not said:
        raise NotStarted("it ended at once")
    return said
