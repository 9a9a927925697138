"""What prevents ``python -m local.commerce`` from starting is one sentence."""

import socket

import pytest

from local.commerce.__main__ import main


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command in this process; its status and what it writes to stderr."""

    def run_command(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["local.commerce", *arguments])
        status = main()
        output = capsys.readouterr()
        assert output.out == ""
        return status, output.err

    return run_command


def test_a_port_in_use_is_one_sentence(run):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = run("--port", str(port))

    assert result == (
        3,
        f"Cannot listen on 127.0.0.1:{port}: Address already in use; choose another"
        " port, or 0 for a free one.\n",
    )


def test_a_state_that_is_no_database_is_one_sentence(run, tmp_path):
    state = tmp_path / "state.sqlite"
    state.write_text("no database, but a text of some length" * 100)

    assert run("--port", "0", "--state", str(state)) == (
        3,
        f"Cannot keep the state in {state}: file is not a database; choose another"
        " file.\n",
    )


@pytest.mark.parametrize(
    "arguments", [["--port", "70000"], ["--openapi", "README.md"]], ids=" ".join
)
def test_a_wrong_argument_is_a_usage_error(run, capsys, arguments):
    with pytest.raises(SystemExit, match="2"):
        run(*arguments)

    assert f"argument {arguments[0]}" in capsys.readouterr().err
