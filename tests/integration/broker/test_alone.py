"""``python -m local.broker``: how it starts, ends and says what is wrong."""

import signal
import subprocess
import sys

import pytest

from tests.support import broker_servers
from tests.support.broker_api import Api
from tests.running import listening


def _run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "local.broker", *arguments],
        cwd=broker_servers.ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_asked_and_stops_listening(number):
    with broker_servers.child() as (process, address):
        Api(address).topic()
        process.send_signal(number)
        _, said = process.communicate(timeout=10)
        assert (process.returncode, said, listening(address)) == (0, "", False)


def test_it_ends_though_a_client_is_pulling():
    with broker_servers.child() as (process, address):
        api = Api(address)
        pulling = api.subscriber.subscribe(
            api.subscription(api.topic()), lambda message: None
        )
        status, said = broker_servers.stop(process)
        pulling.cancel()
        assert (status, said) == (0, "")


def test_a_port_in_use_is_one_sentence():
    with broker_servers.ours() as address:
        port = address.rpartition(":")[2]
        ended = _run("--port", port)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr == (
        f"Cannot listen on {address}: the port is in use or not allowed; choose"
        " another, or 0 for a free one.\n"
    )


def test_a_state_in_use_is_one_sentence(tmp_path):
    state = str(tmp_path / "state.sqlite")
    with broker_servers.ours("--state", state):
        ended = _run("--port", "0", "--state", state)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr == f"Cannot keep the state in {state}: database is locked.\n"


def test_a_state_that_cannot_be_is_one_sentence(tmp_path):
    state = tmp_path / "state.sqlite"
    state.write_text("no database, but a text of some length" * 100)
    ended = _run("--port", "0", "--state", str(state))
    assert (ended.returncode, ended.stdout) == (3, "")
    assert (
        ended.stderr == f"Cannot keep the state in {state}: file is not a database.\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [["--port", "70000"], ["--port", "x"], ["--speed", "0"], ["--window", "0"]],
    ids=" ".join,
)
def test_a_wrong_argument_is_a_usage_error(arguments):
    ended = _run(*arguments)
    assert ended.returncode == 2
    assert f"argument {arguments[0]}" in ended.stderr


def test_help_names_every_option():
    ended = _run("--help")
    assert ended.returncode == 0
    for option in ("--host", "--port", "--state", "--speed", "--window"):
        assert option in ended.stdout
