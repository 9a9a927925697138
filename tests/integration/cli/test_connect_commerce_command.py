"""``connect-commerce`` against the stand-in of a running stack."""

import json
import os

import pytest
from click.testing import CliRunner

from cli.__main__ import main
from cli.connection_steps import sources
from tests.support.adobe_events_api import WORKSPACE
from tests.support.running_stand_in import RunningStandIn


@pytest.fixture(scope="module")
def stand_in():
    with RunningStandIn() as running:
        yield running


@pytest.fixture
def connect(stand_in, tmp_path):
    """Runs the command as a user does; its exit status and output by step."""
    address = stand_in.environment()["COMMERCE_BASE_URL"].removesuffix("/rest/")
    stack = {"commerce": address, "real_store": False, "pid": os.getpid()}
    (tmp_path / "stack.json").write_text(json.dumps(stack))

    def run(*arguments):
        environment = {"LOCAL_STATE": str(tmp_path), "COMMERCE_BASE_URL": ""}
        command = ["connect-commerce", "--json", *arguments]
        result = CliRunner(env=environment).invoke(main, command)
        assert result.exit_code == 0, result.output
        steps = map(json.loads, result.stdout.splitlines())
        return {step["what"]: step["state"] for step in steps}

    return run


def test_the_stand_in_is_subscribed_once(connect, stand_in):
    names = [f"subscription {source.name}" for source in sources()]

    planned = connect("--dry-run")
    assert {planned[name] for name in names} == {"planned"}
    assert stand_in.effects() == []
    done = connect()
    assert {done[name] for name in names} == {"done"}
    again = connect()
    assert {again[name] for name in names} == {"kept"}
    assert again["eventing configuration"] == "kept"


def test_workspace_is_for_a_real_store(connect, tmp_path):
    path = tmp_path / "workspace.json"
    path.write_text(json.dumps(WORKSPACE))
    environment = {"LOCAL_STATE": str(tmp_path), "COMMERCE_BASE_URL": ""}
    arguments = ["--workspace", str(path), "--url", "https://a.example"]

    result = CliRunner(env=environment).invoke(main, ["connect-commerce", *arguments])

    assert result.exit_code == 2
    assert "set COMMERCE_BASE_URL" in " ".join(result.output.split())
