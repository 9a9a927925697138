"""Cores, memory and Pub/Sub of a measurement."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from local.processes import Process, Program, base_environment, free_port


@cache
def cores() -> list[int]:
    """Core of the function and core of everything else; empty where not pinned.

    As they are when first called: the load generator moves to one of them later.
    """
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(usable) < 2 or not shutil.which("taskset"):
        return []
    return usable[:2]


def function_core() -> int | None:
    """The core of the function under test; None where not pinned."""
    return cores()[0] if cores() else None


def other_core() -> int | None:
    """The core of load generator, Pub/Sub and target; None where not pinned."""
    return cores()[1] if cores() else None


def pin_this_process() -> str:
    """Move this process to the second core; a sentence about the cores."""
    if not cores():
        return "not pinned: taskset or a second core is missing"
    os.sched_setaffinity(0, {other_core()})
    return "function on one core, load and Pub/Sub on another"


@contextmanager
def pubsub(emulator: bool = True) -> Iterator[tuple[str, str]]:
    """Name and ``host:port`` of Google's emulator, or of the local broker.

    Args:
        emulator: use Google's emulator where it and Java are installed.
    """
    script = _emulator("pubsub-emulator/bin/cloud-pubsub-emulator")
    port = free_port()
    if emulator and script:
        name = "Google's emulator"
        command = ["/bin/sh", str(script), "--host=127.0.0.1", f"--port={port}"]
    else:
        name = "the local broker"
        command = [sys.executable, "-m", "local.broker", "--port", str(port)]
    environment = {**base_environment(), "JAVA_OPTS": "-Xmx512m"}
    program = Program(name, command, environment, port, cpu=other_core())
    with Process(program) as process:
        yield name, process.address


@contextmanager
def firestore() -> Iterator[str | None]:
    """``host:port`` of Google's Firestore emulator; None where it is not installed."""
    script = _emulator("cloud-firestore-emulator/cloud_firestore_emulator")
    if script is None:
        yield None
        return
    port = free_port()
    command = [str(script), "start", "--host=127.0.0.1", f"--port={port}"]
    environment = {**base_environment(), "JAVA_OPTS": "-Xmx1g"}
    with Process(Program("Firestore", command, environment, port)) as process:
        yield process.address


def _emulator(script: str) -> Path | None:
    """A *script* of the Cloud SDK; None without it or without Java."""
    gcloud = shutil.which("gcloud")
    if gcloud is None or shutil.which("java") is None:
        return None
    path = Path(gcloud).resolve().parents[1] / "platform" / script
    return path if path.is_file() else None


def memory_mb(pid: int) -> float:
    """Memory of a process and its children, in MB, each page counted once."""
    total = 0
    for each in _family(pid):
        rollup = Path(f"/proc/{each}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.M)[1])
    return total / 1024


def cpu_seconds(pid: int) -> float:
    """CPU time that a process and its children have used."""
    ticks = 0
    for each in _family(pid):
        # The name before ")" may contain blanks; utime and stime follow as 12th, 13th.
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> list[int]:
    """The process and everything that it started."""
    waiting, pids = [pid], []
    while waiting:
        pid = waiting.pop()
        pids.append(pid)
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            waiting += [int(child) for child in task.read_text().split()]
    return pids


def description() -> str:
    """Date, cores, processor and Python, for a table."""
    name = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    processor = f" of {name[1]}" if name else ""
    version = ".".join(map(str, sys.version_info[:2]))
    today = datetime.now(UTC).strftime("%-d %B %Y")
    count = len(os.sched_getaffinity(0))
    return f"{today}, {count} cores{processor}, Python {version}"
