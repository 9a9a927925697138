"""The files for GitHub and for pre-commit parse, and call what exists."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.M))
PINNED = re.compile(r"[\w-]+/[\w-]+@([0-9a-f]{40} # v\d+\.\d+\.\d+|v\d+ # \S.*)")


def jobs(path: Path) -> dict:
    return yaml.safe_load(path.read_text())["jobs"]


def commands(path: Path) -> list[str]:
    return [
        step["run"]
        for job in jobs(path).values()
        for step in job["steps"]
        if "run" in step
    ]


def test_file_is_yaml(subtests):
    for path in sorted(
        [*ROOT.glob(".github/**/*.yml"), ROOT / ".pre-commit-config.yaml"]
    ):
        with subtests.test(path=path):
            assert isinstance(yaml.safe_load(path.read_text()), dict)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_calls_existing_targets_and_files(path):
    called = {line for line in commands(path) if line.startswith("make ")}
    scripts = [line.split()[1] for line in commands(path) if line.startswith("bash ")]

    assert called
    assert {line.split()[1] for line in called} <= TARGETS
    assert all((ROOT / script).is_file() for script in scripts)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned(path):
    """By commit; where its hash is not known for certain, by version with a comment."""
    used = re.findall(r"uses: (.*)", path.read_text())

    assert used
    assert [action for action in used if not PINNED.fullmatch(action)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_has_few_permissions(path):
    """Reading the code, and an identity for the deployment. No key is stored."""
    permissions = yaml.safe_load(path.read_text())["permissions"]
    allowed = {"deploy": {"id-token": "write"}}

    assert permissions == {"contents": "read"} | allowed.get(path.stem, {})
    assert "secrets." not in path.read_text()
    assert "credentials_json" not in path.read_text()


def test_ci_runs_lint_tests_and_terraform():
    path = ROOT / ".github/workflows/ci.yml"
    test = jobs(path)["test"]

    assert {"make lint", "make test"} <= set(commands(path))
    assert test["strategy"]["matrix"]["python"] == ["3.11", "3.13"]
    for command in ("validate", "test"):
        assert f"terraform -chdir=terraform {command}" in commands(path)


def test_apply_needs_a_tag_a_plan_and_an_approval():
    apply = jobs(ROOT / ".github/workflows/deploy.yml")["apply"]

    assert apply["if"] == "github.event_name == 'push'"
    assert (apply["needs"], apply["environment"]) == ("plan", "production")
    # PyYAML reads the key "on" as true.
    events = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text())[True]
    assert events["push"] == {"tags": ["v*"]}


def test_forks_are_not_planned():
    plan = jobs(ROOT / ".github/workflows/deploy.yml")["plan"]

    assert "head.repo.full_name == github.repository" in plan["if"]


def test_pre_commit_runs_the_tools_of_make_lint():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    hooks = [hook for repo in config["repos"] for hook in repo["hooks"]]
    recipe = re.search(
        r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M
    )
    tools = {"ruff check", "ruff format --check", "mypy", "terraform fmt -check"}

    assert all(hook["language"] == "system" for hook in hooks)
    for tool in tools:
        assert tool in recipe[1].replace("$(BIN)/", "")
        assert any(tool in hook["entry"] for hook in hooks)
