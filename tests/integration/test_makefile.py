"""The targets of ``make`` and their error messages."""

import re
from pathlib import Path

import pytest

from cli.__main__ import COMMANDS
from tests.support.make import TARGETS, bare, copy_to, make, python, ready


@pytest.fixture
def clone(tmp_path):
    """The files that ``make`` needs, in a folder without an environment."""
    return copy_to(tmp_path)


def test_make_alone_lists_every_target():
    done = make()

    assert done.returncode == 0
    listed = re.findall(r"^  ([a-z][a-z-]*) {2,}\S", done.stdout, re.M)
    assert set(listed) == TARGETS
    assert len(listed) == len(TARGETS)


def test_every_operator_command_has_a_target():
    assert set(COMMANDS) - TARGETS == set()


def test_every_operator_command_passes_args(clone):
    ready(clone)

    done = make("--dry-run", *COMMANDS, "ARGS=--json", folder=clone)

    assert [line.split()[1:] for line in done.stdout.splitlines()] == [
        ["-m", "cli", command, "--json"] for command in COMMANDS
    ]


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        pytest.param(
            "exit 1",
            "Python 3.11 or newer is required: install it, or name it:"
            " make run PYTHON=/path/to/python3",
            id="too old",
        ),
        pytest.param(
            'test "$1" = -c',
            "Python's venv module is required (Debian and Ubuntu: apt install"
            " python3-venv)",
            id="no venv",
        ),
        pytest.param(
            """case $1$2 in
              -mvenv) mkdir -p $3/bin; cp $0 $3/bin/python;;
              -mpip) echo "ERROR: Could not find a version" >&2; exit 1;;
            esac""",
            "pip could not install the packages (its error is above): check the"
            " network and the package index, then run the command again",
            id="no packages",
        ),
    ],
)
def test_missing_part_of_python_is_one_sentence(clone, script, sentence):
    done = make("run", python(clone, script), folder=clone)

    assert done.returncode == 2
    assert sentence in done.stderr.splitlines()
    assert "Traceback" not in done.stderr
    assert not (clone / ".venv" / ".ready").exists()


def test_missing_python_is_one_sentence(clone):
    done = make("run", "PYTHON=no-such-python", folder=clone)

    assert done.returncode == 2
    assert "Python 3.11 or newer is required: install it" in done.stderr


@pytest.mark.parametrize("target", ["plan", "deploy", "url"])
def test_missing_terraform_is_one_sentence(clone, target):
    done = make(target, folder=clone, path=bare(clone, "bash"))

    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == (
        "terraform is missing: install 1.11 or newer,"
        " https://developer.hashicorp.com/terraform/install"
    )


def program(folder: Path, name: str, script: str) -> None:
    """Put a program that runs *script* on the search path."""
    path = folder / "bin" / name
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("target", ["plan", "deploy"])
def test_missing_values_are_one_sentence(clone, target):
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


def test_unedited_example_is_no_values(clone):
    path = bare(clone, "bash")
    program(clone, "terraform", 'echo "ran $*"')
    for name in ("terraform.tfvars.example", "terraform.tfvars"):
        (clone / "terraform" / name).write_text('project_id = "my-project"\n')

    done = make("plan", folder=clone, path=path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == (
        "terraform/terraform.tfvars is an unedited copy of the example: fill in its"
        " first four values (docs/deploy.md, Four values)"
    )


@pytest.mark.parametrize(
    "file", ["terraform.tfvars", "terraform.tfvars.json", "shop.auto.tfvars"]
)
def test_terraform_starts_with_values(clone, file):
    path = bare(clone, "bash", "grep", "head", "od", "tr")
    program(clone, "terraform", '[ "$2" = state ] || echo "$*"')
    (clone / "terraform" / "terraform.tfvars.example").write_text("# Copy to …\n")
    (clone / "terraform" / file).touch()

    done = make("deploy", folder=clone, path=path)

    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        ["-chdir=terraform init -input=false", "-chdir=terraform apply"],
    )


SECRET = '    id = "projects/acme-shop/secrets/commerce-LEDGER_KEY"'
# What `terraform` prints with and without the secret in the state.
WITHOUT_SECRET = """case "$2 $3" in
  "state pull") echo '{"resources": []}' ;;
  apply*) echo "key: ${TF_VAR_ledger_key:-}" ;;
esac"""
WITH_SECRET = f"""case "$2 $3" in
  "state pull") echo '{{"index_key": "LEDGER_KEY"}}' ;;
  "state show") echo '{SECRET}' ;;
  apply*) echo "key: ${{TF_VAR_ledger_key:-}}" ;;
esac"""
GCLOUD = """case "$*" in
  "secrets versions list commerce-LEDGER_KEY --project=acme-shop "*) echo "$VERSIONS" ;;
  "secrets versions access latest --secret=commerce-LEDGER_KEY --project=acme-shop")
    echo kept ;;
  *) exit 9 ;;
esac"""


@pytest.mark.parametrize(
    ("terraform", "gcloud", "values", "key"),
    [
        pytest.param(WITHOUT_SECRET, "exit 9", "", "[0-9a-f]{64}", id="first"),
        pytest.param(
            WITH_SECRET, "VERSIONS=\n" + GCLOUD, "", "[0-9a-f]{64}", id="interrupted"
        ),
        pytest.param(WITH_SECRET, "VERSIONS=1\n" + GCLOUD, "", "kept", id="deployed"),
        pytest.param(WITH_SECRET, "exit 1", "", "", id="not readable"),
        pytest.param("[ $2 != state ]", "exit 9", "", None, id="no state"),
        pytest.param(
            WITHOUT_SECRET,
            "exit 9",
            'secret_versions = { LEDGER_KEY = "1" }',
            "",
            id="declared",
        ),
        pytest.param(
            WITHOUT_SECRET, "exit 9", '# LEDGER_KEY = "1"', "[0-9a-f]{64}", id="comment"
        ),
    ],
)
def test_key_of_the_ledger_is_generated_once(clone, terraform, gcloud, values, key):
    path = bare(clone, "bash", "grep", "head", "od", "sed", "tr")
    program(clone, "terraform", terraform)
    program(clone, "gcloud", gcloud)
    (clone / "terraform" / "terraform.tfvars.example").write_text("# Copy to …\n")
    (clone / "terraform" / "terraform.tfvars").write_text(values + "\n")

    done = make("-s", "deploy", folder=clone, path=path)

    assert done.returncode == 0, done.stderr
    if key is not None:
        assert re.fullmatch(f"key: {key}\n", done.stdout)
    assert ("a random one is generated" in done.stderr) == bool(key and key != "kept")
    assert ("read from Secret Manager" in done.stderr) == (key == "kept")


@pytest.mark.parametrize(
    "terraform",
    [
        pytest.param("echo 'Warning: No outputs found'", id="no state"),
        pytest.param("echo 'Error: not found' >&2; exit 1", id="no such output"),
    ],
)
def test_url_fails_without_a_deployment(clone, terraform):
    """Without a state terraform prints a warning to stdout and exits with 0."""
    path = bare(clone, "bash")
    program(clone, "terraform", terraform)

    done = make("-s", "url", folder=clone, path=path)

    assert (done.returncode, done.stdout) == (2, "")
    assert "The state in terraform/ has no ingest URL: run make deploy" in (done.stderr)


@pytest.mark.parametrize(
    ("arguments", "output"),
    [([], "ingest_url"), (["ARGS=commerce_events"], "commerce_events_url")],
)
def test_url_prints_the_url_only(clone, arguments, output):
    path = bare(clone, "bash")
    program(clone, "terraform", 'printf "https://${!#}.a.run.app"')

    done = make("-s", "url", *arguments, folder=clone, path=path)

    assert (done.returncode, done.stdout) == (0, f"https://{output}.a.run.app\n")


@pytest.fixture
def linted(clone):
    """``make lint`` with linters that find nothing."""
    ready(clone)
    path = bare(clone, "bash")
    (clone / ".venv" / "bin").mkdir()
    for linter in ("ruff", "mypy"):
        program(clone, linter, "true")
        (clone / "bin" / linter).rename(clone / ".venv" / "bin" / linter)
    return lambda *arguments: make("lint", *arguments, folder=clone, path=path)


@pytest.mark.parametrize("status", [0, 3])
def test_lint_checks_the_format_of_terraform(clone, linted, status):
    program(clone, "terraform", f'echo "$*"; exit {status}')

    done = linted()

    assert done.stdout == "fmt -check -diff -recursive terraform\n"
    assert (done.returncode == 0) == (status == 0)


def test_lint_needs_terraform_in_ci_only(linted):
    assert linted().returncode == 0

    in_ci = linted("CI=true")

    assert in_ci.returncode == 2
    assert "terraform is missing, so its files cannot be checked" in in_ci.stderr
