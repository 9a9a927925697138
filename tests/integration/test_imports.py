"""What a package loads at start, and what it works without."""

import json
import re
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


# Runs each program as ``python -m``, in one process where some packages cannot be
# imported.
RUN_WITHOUT = """
import json, runpy, sys
for missing, sys.argv in json.loads(sys.argv[1]):
    sys.modules |= dict.fromkeys(missing)
    try:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        print(f"{sys.argv[0]} exits {end.code}", flush=True)
    for name in missing:
        del sys.modules[name]
"""


def test_packages_work_without_others():
    """Commands need none but ``functions``; broker and stand-in need no console."""
    others, console = ["local", "bench", "tests", "tools"], ["local.console"]
    programs = [
        (others, ["cli", "--help"]),
        (others, ["cli", "status", "--project", "p", "--ledger", "memory"]),
        (console, ["local.broker", "--help"]),
        (console, ["local.commerce", "--help"]),
    ]
    done = subprocess.run(
        [sys.executable, "-c", RUN_WITHOUT, json.dumps(programs)],
        cwd=ROOT,
        env={"PUBSUB_EMULATOR_HOST": "127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert re.findall(r"^(.*) exits (\d)$", done.stdout, re.M) == [
        ("cli", "0"),
        ("cli", "3"),  # the cloud is not reachable
        ("local.broker", "0"),
        ("local.commerce", "0"),
    ]
    assert "not available" not in done.stdout
    assert "not available" not in done.stderr
