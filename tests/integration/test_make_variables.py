"""The values of make's variables reach a command as they were typed or pasted."""

import subprocess

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
# make's variable of each command: the command's environment variable.
SEND = {
    "EVENT": "SEND_EVENT",
    "FILE": "SEND_FILE",
    "URL": "SEND_URL",
    "TOKEN": "SEND_TOKEN",
}
TRACE = {"UID": "TRACE_UID"}


@pytest.fixture
def clone(tmp_path):
    """The files that ``make`` needs, and a command that records how it is called."""
    copy_to(tmp_path)
    ready(tmp_path)
    (tmp_path / ".venv" / "bin").mkdir()
    command = tmp_path / ".venv" / "bin" / "python"
    command.write_text(
        "#!/bin/sh\nenv -0 >environment\nprintf '%s\\0' \"$@\" >arguments\n"
    )
    command.chmod(0o755)
    return tmp_path


def recorded(clone) -> tuple[list[str], dict[str, str]]:
    """Arguments and environment of the command that ran last in *clone*."""
    arguments, environment = (
        (clone / name).read_text().split("\0")[:-1]
        for name in ("arguments", "environment")
    )
    assert not (clone / "injected").exists()
    return arguments, dict(line.split("=", 1) for line in environment)


def run(clone, *arguments: str, **variables: str) -> tuple[list[str], dict[str, str]]:
    """Run ``make`` in *clone*; what its command was given."""
    done = make(*arguments, folder=clone, **variables)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    return recorded(clone)


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(("target", "names"), [("send", SEND), ("trace", TRACE)])
def test_values_reach_the_command_unexpanded(clone, target, names, value):
    arguments, environment = run(clone, target, *(f"{name}={value}" for name in names))

    assert arguments == ["-m", "cli", target]
    assert {name: environment[name] for name in names.values()} == dict.fromkeys(
        names.values(), value
    )
    assert target != "send" or environment["IMPORT_FILE"] == value
    assert environment.keys().isdisjoint(names)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_shown_command_may_be_copied(clone, value):
    words = [] if "\n" in value else ["--show", value]
    line = make_command("trace", *words, UID=value)

    subprocess.run(["bash", "-c", line], cwd=clone, check=True)  # noqa: S607 what is tested

    arguments, environment = recorded(clone)
    assert arguments == ["-m", "cli", "trace", *words]
    assert environment["TRACE_UID"] == value


@pytest.mark.parametrize("value", HOSTILE)
def test_values_may_come_from_the_environment(clone, value):
    _, environment = run(clone, "send", **dict.fromkeys(SEND, value))

    assert {environment[name] for name in SEND.values()} == {value}


def test_the_users_number_is_no_uid(clone):
    _, environment = run(clone, "trace", UID="1000")

    assert environment["TRACE_UID"] == ""


def test_args_are_words_of_a_shell(clone):
    arguments, _ = run(clone, "replay", "ARGS=--uid 'erp 1' --dry-run")

    assert arguments == ["-m", "cli", "replay", "--uid", "erp 1", "--dry-run"]
