"""The commands as a whole: how they are found, what they end with, whom they find."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.__main__ import COMMANDS, Commands
from tests.support.cli_deployment import PROJECT
from tests.running import free_port

ROOT = Path(__file__).resolve().parents[3]
ONES_THAT_LOOK = [
    ["dead-letters"],
    ["replay", "--all"],
    ["discard", "--all", "--yes"],
    ["pause", "all"],
    ["resume", "all"],
    ["status"],
    ["trace", "u1"],
    ["forget", "--uid", "u1", "--yes"],
]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """A command as typed, in a bare environment."""
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_help_lists_every_command():
    done = run("--help")

    assert done.returncode == 0
    for name in COMMANDS:
        assert f"\n  {name} " in done.stdout
    assert "not available" not in done.stdout


def test_a_command_that_cannot_be_imported_leaves_the_others_alone():
    commands = Commands(modules={**COMMANDS, "broken": "cli.no_such_module"})

    told = CliRunner().invoke(commands, ["--help"])
    broken = CliRunner().invoke(commands, ["broken"])

    assert told.exit_code == 0
    assert "\n  dead-letters " in told.stdout
    assert "\n  broken " in told.stdout
    assert (broken.exit_code, broken.stderr) == (
        3,
        "Error: broken is not available here: No module named 'cli.no_such_module'\n",
    )


def test_a_wrong_word_is_2():
    assert run("no-such-command").returncode == 2


@pytest.mark.parametrize(
    "time", ["yesterday", "", "-3h", "999999w", "0001-01-01T00:00:00+14:00"]
)
def test_what_is_no_time_is_2(time):
    result = CliRunner().invoke(Commands(), ["dead-letters", "--since", time])

    assert result.exit_code == 2
    assert "is a time such as 2026-10-05T12:00:00Z, a date, or 90m, 3h" in result.stderr


@pytest.mark.parametrize("arguments", ONES_THAT_LOOK, ids=lambda a: a[0])
def test_a_stack_that_is_gone_is_3_and_one_sentence(deployment, arguments):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    deployment.write_stack_file(pid=gone.pid)

    result = deployment.run(*arguments)

    assert (result.exit_code, result.stdout, result.stderr) == (
        3,
        "",
        f"Error: The local stack (process {gone.pid}) is gone: start it again with make"
        " run, or name a deployment with --project\n",
    )


def test_a_broker_that_does_not_answer_is_3(tmp_path):
    done = run(
        "dead-letters",
        "--project",
        "p",
        LOCAL_STATE=str(tmp_path),
        PUBSUB_EMULATOR_HOST=f"127.0.0.1:{free_port()}",
    )

    assert done.returncode == 3
    assert done.stderr.startswith("Error: Pub/Sub at 127.0.0.1:")
    assert done.stderr.endswith(" does not answer (UNAVAILABLE)\n")


def test_without_credentials_the_cloud_is_3(tmp_path):
    done = run(
        "dead-letters",
        "--project",
        "p",
        LOCAL_STATE=str(tmp_path),
        HOME=str(tmp_path),
        GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "none.json"),
    )

    assert done.returncode == 3
    assert done.stderr.startswith("Error: Google Cloud does not know us: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["status", "send"])
def test_wrong_settings_are_2_and_named(deployment, command):
    result = deployment.run(command, env={"LEDGER": "postgres:x"})

    assert result.exit_code == 2
    assert "LEDGER must be memory, sqlite:PATH or firestore" in result.stderr


def test_a_subscription_that_is_not_there_is_3(deployment):
    result = deployment.run("dead-letters", "--prefix", "other-")

    assert result.exit_code == 3
    assert "NOT_FOUND" in result.stderr


def test_a_project_is_meant_even_where_a_stack_runs(deployment):
    """The same broker, found by Google's own switch."""
    environment = {
        "PUBSUB_EMULATOR_HOST": deployment.clients.address,
        "LEDGER": f"sqlite:{deployment.folder / 'ledger.sqlite'}",
    }
    deployment.write_stack_file(broker="127.0.0.1:1")

    result = deployment.run("dead-letters", "--project", PROJECT, env=environment)

    assert result.stdout == f"No such dead letters in project {PROJECT}.\n"


def test_where_both_are_there_it_says_which_is_meant(deployment):
    result = deployment.run("dead-letters", env={"GOOGLE_CLOUD_PROJECT": "shop"})

    assert result.stderr == (
        "This is about the local stack; --project shop means the cloud\n"
    )
    assert result.exit_code == 0


def test_without_a_stack_the_environment_names_the_project(deployment):
    (deployment.folder / "stack.json").unlink()
    environment = {
        "PUBSUB_EMULATOR_HOST": deployment.clients.address,
        "GOOGLE_CLOUD_PROJECT": PROJECT,
    }

    result = deployment.run("dead-letters", env=environment)

    assert result.stdout == f"No such dead letters in project {PROJECT}.\n"


def test_a_ledger_that_cannot_be_read_is_3(deployment):
    deployment.write_stack_file(ledger=f"sqlite:{deployment.folder}")  # a folder, no file
    deployment.add_exhausted("catalog_product_delete", {"sku": "A"}, "u1")

    result = deployment.run("dead-letters")

    assert result.exit_code == 3
    assert result.stderr.startswith("Error: The ledger cannot be reached: ")
    assert deployment.available() == 1
