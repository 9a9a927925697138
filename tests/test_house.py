"""The house: imports point one way, and each room stays what it is."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# room: what of the project it may import beside itself and functions' plain modules
ALLOWED = {
    "functions/events": set(),
    "functions/pubsub": set(),
    "functions/commerce": set(),
    "functions/ledger": set(),
    "functions/handlers": {"functions.commerce", "functions.events"},
    "functions/ingest": {"functions.events", "functions.pubsub", "functions.ledger"},
    "functions/consumer": {
        "functions.events",
        "functions.pubsub",
        "functions.ledger",
        "functions.commerce",
        "functions.handlers",
    },
    # The console shows what the commands know, so cli knows nothing of local: it does
    # without it before a deployment.
    "cli": {"functions"},
    # Both of use to other projects, alone.
    "local/broker": set(),
    "local/commerce": {"local.web"},
    "local": {"functions", "cli"},
}
PLAIN = {
    "functions.log",
    "functions.timestamps",
    "functions.settings",
    "functions.tracing",
}
OURS = ("functions", "local", "cli", "bench", "docs", "tests")


def imported(path: Path) -> set[str]:
    """The project's own modules that *path* imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] in OURS}


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_imports_point_one_way(room):
    own = room.replace("/", ".")
    allowed = ALLOWED[room] | PLAIN | {own}
    files = sorted((ROOT / room).rglob("*.py"))

    assert files
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in imported(path)
        if not any(name == a or name.startswith(f"{a}.") for a in allowed)
    }
    assert wrong == set()


@pytest.mark.parametrize(
    "library", ["flask", "functions_framework", "google.cloud", "os"]
)
def test_handlers_know_nothing_of_the_platform(library):
    for path in (ROOT / "functions/handlers").glob("*.py"):
        tree = ast.parse(path.read_text())
        names = {
            a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names
        }
        names |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        assert library not in names, path


def test_ingest_does_not_pay_for_handlers_and_client():
    """Its cold start imports neither, nor the ledger's stores."""
    code = (
        "import sys, functions.ingest.main\n"
        "print(sorted(m for m in sys.modules if m.startswith(('functions.handlers',"
        " 'functions.commerce', 'functions.consumer', 'oauthlib',"
        " 'google.cloud.firestore'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"GOOGLE_CLOUD_PROJECT": "p", "LOG_LEVEL": "CRITICAL"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "[]\n"


def test_the_consumer_does_not_pay_for_what_it_may_never_need():
    """gRPC waits for the first dead letter; an event loop is never needed."""
    environment = {
        "GOOGLE_CLOUD_PROJECT": "p",
        "COMMERCE_BASE_URL": "http://127.0.0.1:1/rest/",
        "COMMERCE_CONSUMER_KEY": "k",
        "COMMERCE_CONSUMER_SECRET": "s",
        "COMMERCE_ACCESS_TOKEN": "t",
        "COMMERCE_ACCESS_TOKEN_SECRET": "u",
        "LOG_LEVEL": "CRITICAL",
    }
    code = (
        "import sys, functions.consumer.main\n"
        "print(sorted({'asyncio', 'google.api_core', 'grpc', 'sqlite3', 'starlette'}"
        " & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "[]\n"


def test_every_room_says_what_it_is_for():
    silent = [
        str(path.relative_to(ROOT))
        for top in ("functions", "local", "cli", "bench")
        for path in (ROOT / top).rglob("*.py")
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]

    assert silent == []


@pytest.mark.parametrize(
    ("left_out", "command", "status"),
    [
        pytest.param("local", ["cli", "--help"], 0, id="cli without local"),
        pytest.param(
            "local",
            ["cli", "status", "--project", "p", "--ledger", "memory"],
            3,
            id="cli without local, before a cloud that is away",
        ),
        pytest.param(
            "local/console", ["local.broker", "--help"], 0, id="broker without console"
        ),
        pytest.param(
            "local/console", ["local.commerce", "--help"], 0, id="stand-in without it"
        ),
    ],
)
def test_a_room_that_is_gone_is_missed_by_nobody_else(
    left_out, command, status, tmp_path
):
    for room in ("functions", "cli", "local"):
        shutil.copytree(
            ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.rmtree(tmp_path / left_out)
    # The environment finds the project's own by itself, unless one stands before it.
    (tmp_path / left_out).mkdir()
    (tmp_path / left_out / "__init__.py").write_text("raise ImportError('left out')\n")

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
