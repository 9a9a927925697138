"""Child processes: started, restarted, pinned, stopped."""

import asyncio
import os
import sys

import pytest

from local.processes import (
    Process,
    Program,
    StartFailed,
    base_environment,
    free_port,
    is_listening,
)

LISTEN = """
import os, signal, socket, sys, time
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen()
print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
print("cores", *os.sched_getaffinity(0), flush=True)
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    listener.accept()[0].close()
"""


def program(tmp_path, *arguments: str, port: int | None = None, **attributes):
    command = [sys.executable, "-c", LISTEN, str(port or 0), *arguments]
    log = tmp_path / "output.txt"
    return Program("listener", command, base_environment(), port, log=log, **attributes)


def test_a_port_is_read_from_the_first_line(tmp_path):
    with Process(program(tmp_path)) as process:
        assert is_listening("127.0.0.1", process.port)

    assert not is_listening("127.0.0.1", process.port)
    assert process.output().startswith(f"listening on {process.address}\n")


def test_a_process_that_ignores_sigterm_is_killed(tmp_path):
    process = Process(program(tmp_path, "stubborn")).start()

    assert process.stop(timeout_seconds=0.3) == -9


def test_a_failed_start_shows_the_last_line(tmp_path):
    command = [sys.executable, "-c", "raise SystemExit('no such file')"]
    log = tmp_path / "output.txt"
    broken = Program("broken", command, base_environment(), free_port(), log=log)

    with pytest.raises(StartFailed, match="broken did not start: no such file"):
        Process(broken).start()


def test_a_process_that_never_listens_is_stopped():
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    process = Process(Program("idle", command, base_environment(), free_port()))

    with pytest.raises(StartFailed, match="did not start within 0.3 s"):
        process.start(timeout_seconds=0.3)

    assert process.poll() == -9


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux pins processes")
def test_a_process_runs_on_its_core_only(tmp_path):
    core = max(os.sched_getaffinity(0))
    with Process(program(tmp_path, cpu=core)) as process:
        while "cores" not in process.output():
            pass

        assert process.output().splitlines()[1] == f"cores {core}"


async def test_a_process_that_ends_is_restarted(tmp_path):
    process = Process(program(tmp_path, port=free_port())).start()
    statuses = []
    supervisor = asyncio.create_task(process.keep_running(statuses.append))
    first = process.pid

    os.kill(first, 9)
    async with asyncio.timeout(30):
        while process.pid == first or not is_listening("127.0.0.1", process.port):
            await asyncio.sleep(0.02)
    supervisor.cancel()
    process.stop()

    assert statuses == [-9]
