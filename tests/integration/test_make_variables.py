"""The values of make's variables reach a command as they were typed or pasted."""

import json
import subprocess
import sys

import pytest

from cli.make_command import make_command
from tests.support.make import copy_to, make, ready

HOSTILE = (
    "x'; touch injected; '",
    'x"; touch injected; "',
    "$(touch injected)",
    "`touch injected`",
    "$(shell touch injected)",
    "${shell touch injected}",
    "$(error injected)",
    "a$b $$ \\ # % ~ * é",
    "--help",
    "two\nlines",
)
VARIABLES = {
    "EVENT": ("send", "SEND_EVENT"),
    "FILE": ("send", "SEND_FILE"),
    "URL": ("send", "SEND_URL"),
    "TOKEN": ("send", "SEND_TOKEN"),
    "UID": ("trace", "TRACE_UID"),
}


@pytest.fixture
def clone(tmp_path):
    """The files that ``make`` needs, in a folder without an environment."""
    return copy_to(tmp_path)


@pytest.fixture
def recorded(clone):
    """Runs ``make`` with a command that records its arguments and environment.

    Returns:
        A function of make's arguments (and ``variables``, its environment) that returns
        both; whatever it runs besides, it runs in the folder ``clone``.
    """
    ready(clone)
    (clone / ".venv" / "bin").mkdir()
    command = clone / ".venv" / "bin" / "python"
    record = "import json, os, sys; json.dump([sys.argv[1:], dict(os.environ)], "
    record += "open('record', 'w'))"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{record}" "$@"\n')
    command.chmod(0o755)

    def run(*arguments: str, **variables: str) -> tuple[list[str], dict[str, str]]:
        done = make(*arguments, folder=clone, **variables)
        assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
        return json.loads((clone / "record").read_text())

    return run


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", VARIABLES)
def test_values_reach_the_command_unexpanded(clone, recorded, name, value):
    target, variable = VARIABLES[name]

    arguments, environment = recorded(target, f"{name}={value}")

    assert environment[variable] == value
    assert name != "FILE" or environment["IMPORT_FILE"] == value
    assert name not in environment
    assert arguments == ["-m", "cli", target]
    assert not (clone / "injected").exists()


@pytest.mark.parametrize("value", HOSTILE)
def test_a_shown_command_may_be_copied(clone, recorded, value):
    words = [] if "\n" in value else ["--show", value]
    line = make_command("trace", *words, UID=value)

    subprocess.run(["bash", "-c", line], cwd=clone, check=True)  # noqa: S607 what is tested

    arguments, environment = json.loads((clone / "record").read_text())
    assert arguments == ["-m", "cli", "trace", *words]
    assert environment["TRACE_UID"] == value
    assert not (clone / "injected").exists()


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", ["EVENT", "FILE", "URL", "TOKEN"])
def test_values_may_come_from_the_environment(clone, recorded, name, value):
    _, environment = recorded("send", **{name: value})

    assert environment[VARIABLES[name][1]] == value
    assert not (clone / "injected").exists()


def test_the_users_number_is_no_uid(recorded):
    _, environment = recorded("trace", UID="1000")

    assert environment["TRACE_UID"] == ""


def test_args_are_words_of_a_shell(recorded):
    arguments, _ = recorded("replay", "ARGS=--uid 'erp 1' --dry-run")

    assert arguments == ["-m", "cli", "replay", "--uid", "erp 1", "--dry-run"]
