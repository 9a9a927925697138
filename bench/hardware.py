"""Cores, memory and Pub/Sub of a measurement."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
    gcloud = shutil.which("gcloud") if emulator else None
    sdk = Path(gcloud).resolve().parents[1] if gcloud else Path("/nowhere")
    script = sdk / "platform/pubsub-emulator/bin/cloud-pubsub-emulator"
    port = free_port()
    if shutil.which("java") and script.is_file():
        name = "Google's emulator"
        command = ["/bin/sh", str(script), "--host=127.0.0.1", f"--port={port}"]
    else:
        name = "the local broker"
        command = [sys.executable, "-m", "local.broker", "--port", str(port)]
    environment = {**base_environment(), "JAVA_OPTS": "-Xmx512m"}
    program = Program(name, command, environment, port, cpu=other_core())
    with Process(program) as process:
        yield name, process.address


def memory_mb(pid: int) -> float:
    """Memory of a process and its children, in MB, each page counted once."""
    waiting, pids = [pid], []
    while waiting:
        pid = waiting.pop()
        pids.append(pid)
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            waiting += [int(child) for child in task.read_text().split()]
    total = 0
    for pid in pids:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.M)[1])
    return total / 1024
