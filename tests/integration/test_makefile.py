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
    "terraform/run.sh",
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


def program(folder: Path, name: str, script: str) -> None:
    """A program of this name that does what *script* says, the only one so called."""
    path = folder / "bin" / name
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("target", ["plan", "deploy"])
def test_without_values_it_says_how_to_give_them(clone, target):
    path = bare(clone, "bash")
    program(clone, "terraform", 'echo "ran $*"')
    (clone / "terraform" / "terraform.tfvars.example").touch()

    done = make(target, folder=clone, path=path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == (
        "terraform/terraform.tfvars is missing: cp terraform/terraform.tfvars.example"
        " terraform/terraform.tfvars, and fill in its first four values"
        " (docs/deploy.md, Four values)"
    )


def test_with_the_example_as_it_stands_it_asks_for_values(clone):
    path = bare(clone, "bash")
    program(clone, "terraform", 'echo "ran $*"')
    for name in ("terraform.tfvars.example", "terraform.tfvars"):
        (clone / "terraform" / name).write_text('project_id = "my-project"\n')

    done = make("plan", folder=clone, path=path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == (
        "terraform/terraform.tfvars is still the example: fill in its first four"
        " values (docs/deploy.md, Four values)"
    )


@pytest.mark.parametrize(
    "file", ["terraform.tfvars", "terraform.tfvars.json", "shop.auto.tfvars"]
)
def test_with_values_terraform_is_started(clone, file):
    path = bare(clone, "bash")
    program(clone, "terraform", 'echo "$*"')
    (clone / "terraform" / "terraform.tfvars.example").write_text("# Copy to …\n")
    (clone / "terraform" / file).touch()

    done = make("deploy", folder=clone, path=path)

    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        ["-chdir=terraform init -input=false", "-chdir=terraform apply"],
    )


@pytest.mark.parametrize(
    "terraform",
    [
        pytest.param("echo 'Warning: No outputs found'", id="no state"),
        pytest.param("echo 'Error: not found' >&2; exit 1", id="no such output"),
    ],
)
def test_without_a_deployment_there_is_no_address(clone, terraform):
    """Without a state terraform prints a warning to stdout, and exits with 0."""
    path = bare(clone, "bash")
    program(clone, "terraform", terraform)

    done = make("-s", "url", folder=clone, path=path)

    assert (done.returncode, done.stdout) == (2, "")
    assert "No deployment is known here, so there is no address: make deploy" in (
        done.stderr
    )


def test_address_of_a_deployment_is_all_that_is_printed(clone):
    path = bare(clone, "bash")
    program(clone, "terraform", "printf https://commerce-ingest-1.a.run.app")

    done = make("-s", "url", folder=clone, path=path)

    assert (done.returncode, done.stdout) == (
        0,
        "https://commerce-ingest-1.a.run.app\n",
    )


@pytest.fixture
def linted(clone):
    """``make lint`` with what is on the path, where ruff finds nothing."""
    ready(clone)
    path = bare(clone, "bash")
    (clone / ".venv" / "bin").mkdir()
    program(clone, "ruff", "true")
    (clone / "bin" / "ruff").rename(clone / ".venv" / "bin" / "ruff")
    return lambda *arguments: make("lint", *arguments, folder=clone, path=path)


@pytest.mark.parametrize("found", [0, 3])
def test_lint_checks_the_shape_of_terraform_too(clone, linted, found):
    program(clone, "terraform", f'echo "$*"; exit {found}')

    done = linted()

    assert done.stdout == "fmt -check -diff -recursive terraform\n"
    assert (done.returncode == 0) == (found == 0)


def test_lint_does_without_terraform_but_not_in_ci(linted):
    assert linted().returncode == 0

    in_ci = linted("CI=true")

    assert in_ci.returncode == 2
    assert "terraform is needed to check its files" in in_ci.stderr


def test_ci_needs_terraform(clone):
    """Linters and tests would leave its files out, and nobody would know."""
    (clone / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", clone / ".ci" / "run")

    done = subprocess.run(
        [shutil.which("bash"), clone / ".ci" / "run"],
        env={"PATH": bare(clone, "bash", "dirname", "make", "python3")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "CI needs terraform on the machine: install terraform 1.11 or newer\n"
    )
