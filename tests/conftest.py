"""What a test run leaves out where a tool is missing, and how to get it.

In CI (the variable CI is set) nothing is left out: a missing tool is a failure.
"""

import os
import shutil
from importlib import import_module
from pathlib import Path, PurePosixPath

import pytest

from tests import machine
from tests.terraform import workspace

ROOT = Path(__file__).resolve().parent.parent
CI = bool(os.environ.get("CI"))

# marker: (what is missing or None, how to get it)
SUITES = {
    "adobe": (
        lambda: machine.reference() is None and "Adobe's samples and OpenAPI",
        "put Adobe's public REST OpenAPI (developer.adobe.com) and the starter kit's"
        " sample events into ../shared/reference",
    ),
    "browser": (
        lambda: machine.chromium() is None and "Chromium with its driver",
        "Debian and Ubuntu: apt install chromium chromium-driver",
    ),
    "emulator": (
        lambda: machine.emulators() is None and "Google's emulators with Java",
        "install the Google Cloud SDK, Java, and its components pubsub-emulator and"
        " cloud-firestore-emulator",
    ),
    "terraform": (
        lambda: shutil.which("terraform") is None and "terraform",
        "install terraform 1.11 or newer",
    ),
    "providers": (
        lambda: workspace.providers() is None and "Terraform's providers",
        "terraform init needs its registry, or a folder of them:"
        " export TF_CLI_ARGS_init=-plugin-dir=FOLDER",
    ),
}

# Folders whose tests share what is slow to start: one process runs all of one.
SHARING = {"broker", "cli", "console", "debugging", "ledger", "terraform"}

# What is asserted there says what it compared, as in the tests themselves.
pytest.register_assert_rewrite(
    "tests.docs.debugging.parts", "tests.support"
)

_left_out: dict[str, tuple[int, str, str]] = {}


def pytest_configure():
    """A catalogue that names what is not there is one sentence, not an error a file."""
    try:
        import_module("functions.events.catalog")
    except LookupError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give each file to one process, and each folder of ``SHARING``."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = PurePosixPath(nodeid.partition("::")[0])
            return str(path.parent if path.parent.name in SHARING else path)

    return ByFile(config, log)


def pytest_collection_modifyitems(config, items):
    """Deselect the suites whose tool is missing; in CI, refuse to."""
    for marker, (missing, remedy) in SUITES.items():
        concerned = [item for item in items if item.get_closest_marker(marker)]
        what = missing() if concerned else None
        if not what:
            continue
        if CI:
            raise pytest.UsageError(f"CI wants {what}: {remedy}")
        items[:] = [item for item in items if item not in concerned]
        config.hook.pytest_deselected(items=concerned)
        _left_out[marker] = (len(concerned), what, remedy)


def pytest_sessionfinish(session):
    """A process that runs a part of the tests tells what it left out."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = _left_out


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """Hear what such a process left out; each left out the same."""
    _left_out.update(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter):
    """Name what was left out, last."""
    for marker, (count, what, remedy) in _left_out.items():
        terminalreporter.write_line(
            f"left out: {count} tests marked {marker}, for want of {what} ({remedy})"
        )


@pytest.fixture
def anyio_backend():
    """Everything here runs on asyncio."""
    return "asyncio"
