"""What a package loads at start, and what it works without."""

import json
import subprocess
import sys

import pytest

from tests.support.machine import ROOT
from tests.support.serving import OAUTH1

INGEST = {"GOOGLE_CLOUD_PROJECT": "p", "LOG_LEVEL": "CRITICAL"}
CONSUMER = {**INGEST, **OAUTH1, "COMMERCE_BASE_URL": "http://127.0.0.1:1/rest/"}


@pytest.mark.parametrize(
    ("module", "environment", "unwanted"),
    [
        pytest.param(
            "functions.ingest.main",
            INGEST,
            (
                "functions.handlers",
                "functions.commerce",
                "functions.consumer",
                "oauthlib",
                "google.cloud.firestore",
                # google.api_core imports the bare name, a namespace package.
                "opentelemetry.",
            ),
            id="ingest needs neither handlers nor stores",
        ),
        pytest.param(
            "functions.consumer.main",
            CONSUMER,
            (
                *("asyncio", "google.api_core", "grpc", "sqlite3", "starlette"),
                "opentelemetry",
            ),
            id="consumer needs gRPC with the first dead letter only",
        ),
    ],
)
def test_cold_start_loads_only_what_is_needed(module, environment, unwanted):
    """Not OpenTelemetry either, as long as it is disabled."""
    code = (
        f"import sys, {module}, functions.tracing as t; t.tracing('', 'x').span('', '')"
        f"\nprint(*sorted(m for m in sys.modules if m.startswith({unwanted!r})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == []


# Runs programs as ``python -m``, in one process where some packages cannot be imported.
RUN_WITHOUT = """
import json, runpy, sys
missing, commands = map(json.loads, sys.argv[1:])
sys.modules |= dict.fromkeys(missing)
for sys.argv in commands:
    try:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        print(f"{sys.argv[0]} exits {end.code}", flush=True)
"""


def run_without(missing: list[str], *commands: list[str]) -> str:
    """What *commands* write to standard output, and their exit statuses."""
    done = subprocess.run(
        [sys.executable, "-c", RUN_WITHOUT, json.dumps(missing), json.dumps(commands)],
        cwd=ROOT,
        env={"PUBSUB_EMULATOR_HOST": "127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    return done.stdout


def test_commands_work_without_local():
    """Of another package of the repository they need none but ``functions``."""
    output = run_without(
        ["local", "bench", "tests", "tools"],
        ["cli", "--help"],
        ["cli", "status", "--project", "p", "--ledger", "memory"],
    )

    assert "cli exits 0\ncli exits 3\n" in output  # the cloud is not reachable
    assert "not available" not in output


def test_broker_and_stand_in_work_without_console():
    output = run_without(
        ["local.console"], ["local.broker", "--help"], ["local.commerce", "--help"]
    )

    assert "local.broker exits 0\n" in output
    assert output.endswith("local.commerce exits 0\n")
