"""Processes of a measurement: each on its core, ended when it is over."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60


@cache
def cores() -> tuple[list[int], str]:
    """Core of the function, core of all else, and a sentence about them.

    As they were when first asked: the load generator takes to one of them later.
    """
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(usable) < 2 or not shutil.which("taskset"):
        return [], "not pinned: taskset or a second core is missing"
    return usable[:2], "function on one core, load and Pub/Sub on another"


def load_from_here() -> str:
    """Take the second core for this process; the sentence about the cores."""
    usable, about = cores()
    if usable:
        os.sched_setaffinity(0, {usable[1]})
    return about


def pinned(core: int | None, *command: str) -> list[str]:
    """*command* on *core*, where cores can be chosen."""
    usable, _ = cores()
    if core is None or not usable:
        return list(command)
    return ["taskset", "-c", str(usable[core]), *command]


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def child(command: list[str], environment: dict[str, str], **options) -> Iterator:
    """A process that is ended with all it started."""
    base = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(  # noqa: S603 - our own programs
        command,
        cwd=ROOT,
        env={**base, **environment},
        start_new_session=True,
        **{"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **options},
    )
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        # Its own group: java and gunicorn's workers are in it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()


def wait_for(port: int, process: subprocess.Popen) -> None:
    """Wait until somebody listens."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.02)
    raise SystemExit(f"{process.args[-1]} did not start")


@contextmanager
def function(
    source: str, target: str, port: int, environment: dict[str, str]
) -> Iterator[subprocess.Popen]:
    """A function as functions-framework serves it, on the first core.

    What it logs goes into a file, as on one machine; where it goes is a cost too.
    """
    command = [
        str(Path(sys.executable).with_name("functions-framework")),
        *("--source", source, "--target", target),
        *("--host", "127.0.0.1", "--port", str(port)),
    ]
    folder = environment["BENCH_FOLDER"]
    with open(f"{folder}/{target}-{port}.log", "wb") as log:
        with child(pinned(0, *command), environment, stdout=log, stderr=log) as process:
            yield process


@contextmanager
def pubsub(folder: str) -> Iterator[tuple[str, str]]:
    """Name and ``host:port`` of Google's emulator, or of our broker without Java."""
    gcloud = shutil.which("gcloud")
    sdk = Path(gcloud).resolve().parents[1] if gcloud else Path("/nowhere")
    start = sdk / "platform/pubsub-emulator/bin/cloud-pubsub-emulator"
    port = free_port()
    if shutil.which("java") and start.is_file():
        name = "Google's emulator"
        command = ["/bin/sh", str(start), "--host=127.0.0.1", f"--port={port}"]
    else:
        name = "our broker"
        command = [sys.executable, "-m", "local.broker", "--port", str(port)]
    options = {"JAVA_OPTS": "-Xmx512m"}
    with child(pinned(1, *command), options) as process:
        wait_for(port, process)
        yield name, f"127.0.0.1:{port}"


def memory_mb(process: subprocess.Popen) -> float:
    """Memory of a process and its children, in MB, each page counted once."""
    pids, found = [process.pid], []
    while pids:
        pid = pids.pop()
        found.append(pid)
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            pids += [int(one) for one in task.read_text().split()]
    total = 0
    for pid in found:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.M)[1])
    return total / 1024
