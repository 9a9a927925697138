"""What prevents a start is named in one sentence, with what to do."""

import socket
import sqlite3
from contextlib import closing

import pytest

from local.__main__ import main
from local.clean import main as clean_state
from tests.support.running import RunningStack, free_port


@pytest.mark.parametrize("name", ["PORT", "CONSOLE_PORT"])
def test_a_port_in_use_is_named(tmp_path, run_here, name):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        stack = RunningStack(tmp_path / "state", **{name: str(port)})
        status, _, message = run_here(main, stack)

    assert (status, message) == (
        3,
        f"Port {port} cannot be used (Address already in use): stop the program that"
        f" listens there, or choose another: {name}={port + 1} make run\n",
    )


def test_one_port_for_both_is_rejected(tmp_path, run_here):
    port = str(free_port())
    stack = RunningStack(tmp_path / "state", PORT=port, CONSOLE_PORT=port)

    assert run_here(main, stack) == (
        3,
        "",
        f"PORT and CONSOLE_PORT are both {port}: choose another for one:"
        f" CONSOLE_PORT={int(port) + 1} make run\n",
    )


def test_a_wrong_setting_of_a_function_is_named(tmp_path, run_here):
    stack = RunningStack(tmp_path / "state", INGEST_AUTH="token")

    assert run_here(main, stack) == (
        3,
        "",
        "ingest did not start: Wrong settings: INGEST_AUTH is token, so INGEST_TOKENS"
        " must be set\n",
    )


@pytest.mark.parametrize("name", ["state.sqlite", "ledger.sqlite", None])
def test_an_unusable_folder_is_named(tmp_path, run_here, name):
    stack = RunningStack(tmp_path / "state")
    if name is None:
        stack.folder.write_text("a file")
        reason = f"{stack.folder} cannot be used (File exists)"
    else:
        stack.folder.mkdir()
        (stack.folder / name).write_text("no database" * 100)
        reason = f"{stack.folder / name} cannot be used (file is not a database)"

    assert run_here(main, stack) == (
        3,
        "",
        f"{reason}: move it away, or choose another folder: LOCAL_STATE=.local2 make"
        " run\n",
    )


@pytest.mark.parametrize("name", ["state.sqlite", "ledger.sqlite"])
def test_state_of_another_version_is_named(tmp_path, run_here, name):
    """Tables change between versions; the first query would fail somewhere."""
    stack = RunningStack(tmp_path / "state")
    stack.folder.mkdir()
    with closing(sqlite3.connect(stack.folder / name)) as db:
        db.execute("CREATE TABLE broker_delivery (subscription INTEGER, due REAL)")

    assert run_here(main, stack) == (
        3,
        "",
        f"{stack.folder} holds the state of another version: delete it with make"
        " clean-state, or choose another folder: LOCAL_STATE=.local2 make run\n",
    )
    assert run_here(clean_state, stack)[0] == 0
    assert not stack.folder.exists()


def test_an_env_of_adobes_kit_is_recognised(tmp_path, run_here, monkeypatch):
    (tmp_path / ".env").write_text("IO_PROJECT_ID=2\nCOMMERCE_CONSUMER_KEY=secret\n")
    monkeypatch.setattr("local.__main__.ROOT", tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        stack = RunningStack(tmp_path / "state", PORT=port)
        _, output, _ = run_here(main, stack)

    assert output == (
        ".env is recognised as that of Adobe's kit; without use here are IO_PROJECT_ID"
        " (docs/migrate.md)\n"
    )
