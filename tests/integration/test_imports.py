"""What a package loads at start, and what it works without."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INGEST = {"GOOGLE_CLOUD_PROJECT": "p", "LOG_LEVEL": "CRITICAL"}
CONSUMER = {
    **INGEST,
    "COMMERCE_BASE_URL": "http://127.0.0.1:1/rest/",
    "COMMERCE_CONSUMER_KEY": "k",
    "COMMERCE_CONSUMER_SECRET": "s",
    "COMMERCE_ACCESS_TOKEN": "t",
    "COMMERCE_ACCESS_TOKEN_SECRET": "u",
}


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
            ),
            id="ingest needs neither handlers nor stores",
        ),
        pytest.param(
            "functions.consumer.main",
            CONSUMER,
            ("asyncio", "google.api_core", "grpc", "sqlite3", "starlette"),
            id="consumer needs gRPC with the first dead letter only",
        ),
    ],
)
def test_cold_start_loads_only_what_is_needed(module, environment, unwanted):
    code = (
        f"import sys, {module}\n"
        f"print(*sorted(m for m in sys.modules if m.startswith({unwanted!r})))"
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


@pytest.mark.parametrize(
    ("missing", "command", "status"),
    [
        pytest.param("local", ["cli", "--help"], 0, id="commands without local"),
        pytest.param(
            "local",
            ["cli", "status", "--project", "p", "--ledger", "memory"],
            3,
            id="commands without local, cloud not reachable",
        ),
        pytest.param(
            "local/console", ["local.broker", "--help"], 0, id="broker without console"
        ),
        pytest.param(
            "local/console",
            ["local.commerce", "--help"],
            0,
            id="stand-in without console",
        ),
    ],
)
def test_packages_work_without_others(missing, command, status, tmp_path):
    for package in ("functions", "cli", "local"):
        shutil.copytree(
            ROOT / package,
            tmp_path / package,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    shutil.rmtree(tmp_path / missing)
    # The environment has the project's own packages installed; this one comes first.
    (tmp_path / missing).mkdir()
    (tmp_path / missing / "__init__.py").write_text("raise ImportError('left out')\n")

    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PUBSUB_EMULATOR_HOST": "127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
