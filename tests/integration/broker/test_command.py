"""``python -m local.broker``: how it starts, ends and reports errors."""

import signal
import sqlite3

import pytest

from local.broker.__main__ import main
from tests.support import broker_servers
from tests.support.broker_api import Api, Stream
from tests.support.running import listening


def test_ctrl_c_ends_it_though_a_client_is_pulling(tmp_path):
    with broker_servers.process(tmp_path) as broker:
        api = Api(broker.address)
        subscription = api.subscription(topic := api.topic())
        with Stream(api, subscription) as pulling:
            api.publish(topic)
            assert len(pulling.take(1)) == 1
            assert broker.stop(signal.SIGINT) == 0
        api.close()
    assert broker.output() == f"listening on {broker.address}\n"
    assert not listening(broker.address)


def test_sigterm_ends_it(tmp_path):
    with broker_servers.process(tmp_path) as broker:
        assert broker.stop(signal.SIGTERM) == 0
    assert broker.output() == f"listening on {broker.address}\n"
    assert not listening(broker.address)


def test_a_port_in_use_is_one_sentence(ours, capsys):
    assert main(["--port", ours.address.rpartition(":")[2]]) == 3
    assert capsys.readouterr() == (
        "",
        f"Cannot listen on {ours.address}: the port is in use or not allowed. Choose"
        " another, or 0 for a free one.\n",
    )


def test_a_state_in_use_is_one_sentence(tmp_path, capsys):
    state = str(tmp_path / "state.sqlite")
    other = sqlite3.connect(state, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert main(["--port", "0", "--state", state]) == 3
    other.close()
    assert capsys.readouterr() == (
        "",
        f"Cannot keep the state in {state}: database is locked. Choose another file.\n",
    )


def test_a_state_that_is_no_database_is_one_sentence(tmp_path, capsys):
    state = tmp_path / "state.sqlite"
    state.write_text("no database, but a text of some length" * 100)
    assert main(["--port", "0", "--state", str(state)]) == 3
    assert capsys.readouterr() == (
        "",
        f"Cannot keep the state in {state}: file is not a database."
        " Choose another file.\n",
    )


@pytest.mark.parametrize(
    "arguments",
    [["--port", "70000"], ["--port", "x"], ["--speed", "0"], ["--window", "0"]],
    ids=" ".join,
)
def test_a_wrong_argument_is_a_usage_error(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert f"argument {arguments[0]}" in capsys.readouterr().err


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    output = capsys.readouterr().out
    for option in ("--host", "--port", "--state", "--speed", "--window"):
        assert option in output
