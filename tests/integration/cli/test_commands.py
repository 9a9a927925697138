"""The commands as a whole: exit statuses, and which deployment they are about."""

import subprocess

import pytest
from click.testing import CliRunner

from cli.__main__ import COMMANDS, Commands
from tests.support.cli_deployment import PROJECT
from tests.support.cli_process import CommandProcess
from tests.support.running import free_port

# Each command that needs a deployment.
DEPLOYMENT_COMMANDS = [
    ["send"],
    ["dead-letters"],
    ["replay", "--all"],
    ["discard", "--all", "--yes"],
    ["pause", "all"],
    ["resume", "all"],
    ["status"],
    ["trace", "u1"],
    ["forget", "--uid", "u1", "--yes"],
]


def test_help_lists_every_command():
    result = CliRunner().invoke(Commands(), ["--help"])

    assert result.exit_code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in result.stdout
    assert "not available" not in result.stdout


def test_a_command_that_cannot_be_imported_is_named():
    commands = Commands(modules={**COMMANDS, "broken": "cli.no_such_module"})

    listing = CliRunner().invoke(commands, ["--help"])
    broken = CliRunner().invoke(commands, ["broken"])

    assert listing.exit_code == 0
    assert "\n  dead-letters " in listing.stdout
    assert "\n  broken " in listing.stdout
    assert (broken.exit_code, broken.stderr) == (
        3,
        "Error: broken is not available here: No module named 'cli.no_such_module'\n",
    )


def test_an_unknown_command_exits_2():
    assert CliRunner().invoke(Commands(), ["no-such-command"]).exit_code == 2


@pytest.mark.parametrize(
    "time", ["yesterday", "", "-3h", "999999w", "0001-01-01T00:00:00+14:00"]
)
def test_an_invalid_time_exits_2(time):
    result = CliRunner().invoke(Commands(), ["dead-letters", "--since", time])

    assert result.exit_code == 2
    assert "must be a time such as 2026-10-05T12:00:00Z" in result.stderr


@pytest.mark.parametrize("arguments", DEPLOYMENT_COMMANDS, ids=lambda a: a[0])
def test_a_stack_that_has_ended_exits_3(deployment, arguments):
    ended = subprocess.Popen(["/bin/true"])
    ended.wait()
    deployment.write_stack_file(pid=ended.pid)

    result = deployment.run(*arguments)

    assert (result.exit_code, result.stdout, result.stderr) == (
        3,
        "",
        f"Error: The local stack (process {ended.pid}) has ended: start it again with"
        " make run, or name a deployment with --project\n",
    )


def test_an_invalid_stack_file_exits_3(deployment):
    (deployment.folder / "stack.json").write_text("{}")

    result = deployment.run("status")

    assert result.exit_code == 3
    assert "stack.json is invalid: restart the stack with make run" in result.stderr


def test_no_stack_and_no_project_exits_3(deployment):
    (deployment.folder / "stack.json").unlink()

    result = deployment.run("dead-letters")

    assert result.exit_code == 3
    assert result.stderr == (
        "Error: No local stack is running: start it with make run, or name a"
        " deployment with --project or GOOGLE_CLOUD_PROJECT\n"
    )


def test_an_unreachable_broker_exits_3(deployment):
    deployment.write_stack_file(broker=f"127.0.0.1:{free_port()}")

    result = deployment.run("dead-letters")

    assert result.exit_code == 3
    assert result.stderr.startswith("Error: Pub/Sub at 127.0.0.1:")
    assert result.stderr.endswith(" does not answer (UNAVAILABLE)\n")


def test_missing_credentials_exit_3(tmp_path):
    """As a process, whose exit status and output are all that a script has."""
    environment = {
        "HOME": str(tmp_path),
        "LOCAL_STATE": str(tmp_path),
        "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "none.json"),
    }
    with CommandProcess(environment, "dead-letters", "--project", "p") as command:
        status, output = command.wait()

    assert status == 3
    assert output.startswith("Error: Not authenticated to Google Cloud: ")
    assert "Traceback" not in output


@pytest.mark.parametrize("command", ["status", "send"])
def test_invalid_settings_are_named_and_exit_2(deployment, command):
    result = deployment.run(command, env={"LEDGER": "postgres:x"})

    assert result.exit_code == 2
    assert "LEDGER must be memory, sqlite:PATH or firestore" in result.stderr


def test_the_project_option_wins_over_a_stack(deployment):
    """The project is on the same broker, named by Google's own variable."""
    environment = deployment.cloud_environment(LOCAL_STATE=str(deployment.folder))
    del environment["GOOGLE_CLOUD_PROJECT"]
    deployment.write_stack_file(broker="127.0.0.1:1")

    result = deployment.run("dead-letters", "--project", PROJECT, env=environment)

    assert result.stdout == f"No dead letters in project {PROJECT}.\n"


def test_a_stack_wins_over_the_variable_and_says_so(deployment):
    result = deployment.run("dead-letters", env={"GOOGLE_CLOUD_PROJECT": "shop"})

    assert result.stderr == (
        "This is about the local stack; for the project add --project shop\n"
    )
    assert result.exit_code == 0


def test_without_a_stack_the_variable_names_the_project(deployment):
    result = deployment.run("dead-letters", env=deployment.cloud_environment())

    assert result.stdout == f"No dead letters in project {PROJECT}.\n"


def test_an_unreadable_ledger_exits_3(deployment):
    deployment.write_stack_file(ledger=f"sqlite:{deployment.folder}")  # a folder
    deployment.add_exhausted("catalog_product_delete", {"sku": "A"}, "u1")

    result = deployment.run("dead-letters")

    assert result.exit_code == 3
    assert result.stderr.startswith("Error: The ledger cannot be reached: ")
    assert deployment.available() == 1
