"""A program that the fork server starts behaves as one with its own interpreter."""

import os
import signal
import subprocess
import sys

import pytest

from local import fork_server
from local.fork_server import ForkedProcess
from local.processes import Process, Program
from tests.support import forking

PROGRAM = """
import os, sys, time

sys.stdout.write(f"{sys.argv[1:]} {sorted(os.environ)} {os.getcwd()}\\n")
sys.stdout.flush()
sys.stderr.write(f"{sys.stdin.read()}{sorted(os.sched_getaffinity(0))}\\n")
if sys.argv[1:] == ["sleep"]:
    time.sleep(60)
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture(scope="module", autouse=True)
def _server():
    with forking.started():
        yield


@pytest.fixture
def command(tmp_path):
    (tmp_path / "forked_program.py").write_text(PROGRAM)
    return [sys.executable, "-m", "forked_program"]


def start(command, folder, stdin=None, stdout=subprocess.PIPE, cpu=None, **env):
    server = os.environ[fork_server.VARIABLE]
    env = {"PYTHONPATH": str(folder), **env}
    return ForkedProcess(server, command, folder, env, stdin, stdout, cpu)


def test_it_gets_arguments_environment_folder_and_core(command, tmp_path):
    process = start([*command, "3"], tmp_path, subprocess.PIPE, cpu=0, NAME="value")
    process.stdin.write(b"input ")
    process.stdin.close()

    with process.stdout as output:
        assert output.read().decode() == (
            f"['3'] ['NAME', 'PYTHONPATH'] {tmp_path}\ninput [0]\n"
        )
    assert (process.wait(10), process.poll()) == (3, 3)


def test_a_signal_is_its_exit_status(command, tmp_path):
    process = start([*command, "sleep"], tmp_path)
    with process.stdout as output:
        assert output.readline().startswith(b"['sleep']")
        assert os.getpgid(process.pid) == process.pid
        assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.01)

        process.send_signal(signal.SIGTERM)

        assert process.wait(10) == -signal.SIGTERM
    process.send_signal(signal.SIGTERM)  # it has ended: nothing happens


def test_an_error_is_in_its_log_as_usual(command, tmp_path):
    log = tmp_path / "log.txt"
    with log.open("wb") as output:
        assert start([*command, "x"], tmp_path, stdout=output).wait(10) == 1
    assert "ValueError: invalid literal for int()" in log.read_text()


def test_processes_use_it_for_modules_only(tmp_path):
    idle = "import time; time.sleep(60)"
    for command, kind in (
        ([sys.executable, "-m", "http.server", "0"], ForkedProcess),
        ([sys.executable, "-c", idle], subprocess.Popen),
    ):
        process = Process(Program("one", command, {}, log=tmp_path / "log.txt"))
        process.spawn()
        assert type(process._popen) is kind
        assert process.stop() == -signal.SIGTERM
