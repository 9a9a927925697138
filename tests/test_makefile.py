"""What ``make`` says, and what it passes on; each recipe itself is tested elsewhere."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cli.__main__ import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.M))
NEEDED = (
    "Makefile",
    "local/install.sh",
    "requirements.txt",
    "requirements-dev.txt",
    "functions/ingest/requirements.txt",
    "functions/consumer/requirements.txt",
)


def make(*arguments: str, folder: Path = ROOT, path: str | None = None):
    """``make`` as typed; *path* is all that is searched for programs."""
    return subprocess.run(
        [shutil.which("make"), *arguments],
        cwd=folder,
        env={"PATH": path or os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def clone(tmp_path):
    """What ``make`` needs of a clone in which nothing was made yet."""
    for name in NEEDED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def python(folder: Path, script: str) -> str:
    """A ``python`` that does what *script* says."""
    program = folder / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"PYTHON={program}"


def ready(folder: Path) -> None:
    """As if the environment were made."""
    (folder / ".venv").mkdir()
    (folder / ".venv" / ".ready").touch()


def bare(folder: Path, *programs: str) -> str:
    """A folder with these programs and no others, as a path."""
    found = folder / "bin"
    found.mkdir()
    for name in programs:
        (found / name).symlink_to(shutil.which(name))
    return str(found)


def test_alone_it_lists_every_target():
    done = make()

    assert done.returncode == 0
    listed = re.findall(r"^  ([a-z][a-z-]*) {2,}\S", done.stdout, re.M)
    assert set(listed) == TARGETS
    assert len(listed) == len(TARGETS)


def test_every_command_of_an_operator_has_a_target():
    assert set(COMMANDS) - TARGETS == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_more_arguments(clone, command):
    ready(clone)

    done = make("--dry-run", command, "ARGS=--json", folder=clone)

    assert done.stdout.split()[1:] == ["-m", "cli", command, "--json"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(["send"], "-m cli send", id="the sample"),
        pytest.param(["send", "EVENT=all"], "-m cli send --event 'all'", id="all"),
        pytest.param(
            ["send", "FILE=my event.json"],
            "-m cli send --file 'my event.json'",
            id="file",
        ),
        pytest.param(
            ["send", "URL=https://x.example/?a=1&b=2", "TOKEN=a$$b"],
            "-m cli send --url 'https://x.example/?a=1&b=2' --token 'a$b'",
            id="deployed",
        ),
        pytest.param(["trace", "UID=erp 1"], "-m cli trace 'erp 1'", id="trace"),
        pytest.param(
            ["replay", "ARGS=--all --dry-run"],
            "-m cli replay --all --dry-run",
            id="replay",
        ),
    ],
)
def test_variables_are_passed_on(clone, arguments, expected):
    ready(clone)

    done = make("--dry-run", *arguments, folder=clone)

    assert " ".join(done.stdout.split()).endswith(expected)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        pytest.param(
            "exit 1",
            "Python 3.11 or newer is needed: install it, or name it:"
            " make run PYTHON=/path/to/python3",
            id="too old",
        ),
        pytest.param(
            'test "$1" = -c',
            "Python's venv module is needed (Debian and Ubuntu: apt install"
            " python3-venv)",
            id="no venv",
        ),
        pytest.param(
            """case $1$2 in
              -mvenv) mkdir -p $3/bin; cp $0 $3/bin/python;;
              -mpip) echo "ERROR: Could not find a version" >&2; exit 1;;
            esac""",
            "The packages could not be installed (pip's words are above): look at the"
            " network or the package index, and give the command again",
            id="no packages",
        ),
    ],
)
def test_what_python_lacks_is_one_clear_sentence(clone, script, sentence):
    done = make("run", python(clone, script), folder=clone)

    assert done.returncode == 2
    assert sentence in done.stderr.splitlines()
    assert "Traceback" not in done.stderr
    assert not (clone / ".venv" / ".ready").exists()


def test_no_python_at_all_is_one_clear_sentence(clone):
    done = make("run", "PYTHON=no-such-python", folder=clone)

    assert done.returncode == 2
    assert "Python 3.11 or newer is needed: install it" in done.stderr


@pytest.mark.parametrize("target", ["plan", "deploy", "url"])
def test_without_terraform_it_says_where_to_get_it(clone, target):
    done = make(target, folder=clone, path=bare(clone, "bash"))

    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == (
        "terraform 1.11 or newer is needed:"
        " https://developer.hashicorp.com/terraform/install"
    )
