"""Which tests a run skips because a tool is missing, and how to get it.

In CI (the variable CI is set) a missing tool is a failure. Adobe's reference material
is the exception, because it is not part of the repository: where the folder
``../shared`` is absent, CI skips the comparison with it.
"""

import asyncio
import gc
import inspect
import os
import shutil
import sys
from contextlib import ExitStack
from importlib import import_module
from pathlib import PurePosixPath

import pytest

# Before they are imported: failed assertions in helpers show what they compared.
pytest.register_assert_rewrite("tests.support")

from tests.support import forking, machine  # noqa: E402 see above
from tests.terraform import providers  # noqa: E402

CI = bool(os.environ.get("CI"))

# marker: (name of the missing tool or False, how to get it)
SUITES = {
    "adobe": (
        lambda: machine.reference() is None and "Adobe's samples and OpenAPI",
        "put Adobe's public REST OpenAPI (developer.adobe.com) and the starter kit's"
        " sample events into ../shared/reference",
    ),
    "axe": (
        lambda: machine.npm() is None and "npm, or Chromium with its driver",
        "install Node.js 18 or newer with npm; Debian and Ubuntu: apt install chromium"
        " chromium-driver",
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
    "java": (
        lambda: shutil.which("javac") is None and "javac",
        "install a JDK, 17 or newer; Debian and Ubuntu: apt install openjdk-17-jdk",
    ),
    "node": (
        lambda: shutil.which("node") is None and "node",
        "install Node.js; Debian and Ubuntu: apt install nodejs",
    ),
    "php": (
        lambda: shutil.which("php") is None and "php",
        "install PHP; Debian and Ubuntu: apt install php-cli",
    ),
    "terraform": (
        lambda: shutil.which("terraform") is None and "terraform",
        "install terraform 1.11 or newer",
    ),
    "providers": (
        lambda: providers.providers() is None and "Terraform's providers",
        "terraform init needs its registry, or a folder with the providers:"
        " export TF_CLI_ARGS_init=-plugin-dir=FOLDER",
    ),
}

# Folders whose tests share what is slow to start: one worker runs all of each.
SHARING = {"broker", "cli", "console", "docs", "ledger", "stack", "terraform"}

# What takes longest is started first. The short unit tests come last, so that all
# workers end at about the same time.
ORDER = ("terraform", "e2e", "integration", "unit")
FIRST = ("tests/unit/test_conventions.py", "tests/unit/cli/imports/test_import.py")

_skipped: dict[str, tuple[int, str, str]] = {}


def pytest_configure(config):
    """Report an invalid catalogue once, and start what all test processes share."""
    try:
        # Otherwise each test file reports it.
        import_module("functions.events.catalog")
    except LookupError as error:
        raise pytest.UsageError(str(error)) from None
    is_main = not hasattr(config, "workerinput")
    # Coverage is measured from the start of a process.
    is_measured = "COVERAGE_PROCESS_START" in os.environ
    needs_programs = any(not path.startswith("tests/unit") for path in config.args)
    if is_main and needs_programs and not is_measured:
        shared = ExitStack()
        shared.enter_context(forking.started())
        config.add_cleanup(shared.close)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give each file to one worker, and each folder of ``SHARING``."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = PurePosixPath(nodeid.partition("::")[0])
            shares = path.parts[1] != "unit" and path.parent.name in SHARING
            return str(path.parent if shares else path)

    # By default, the files with the most tests come first, which are the fastest.
    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_collection_modifyitems(config, items):
    """Deselect the suites whose tool is missing; in CI, refuse to."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _position(item.nodeid))
    marked = {name: set() for name in SUITES}
    for item in items:
        for mark in item.iter_markers():
            marked.get(mark.name, set()).add(item)
    for marker, (missing, remedy) in SUITES.items():
        suite = marked[marker].intersection(items)
        what = missing() if suite else None
        if not what:
            continue
        if CI and not (marker == "adobe" and not machine.SHARED.is_dir()):
            raise pytest.UsageError(f"CI needs {what}: {remedy}")
        items[:] = [item for item in items if item not in suite]
        config.hook.pytest_deselected(items=list(suite))
        _skipped[marker] = (len(suite), what, remedy)


def pytest_collection_finish():
    """What is imported and collected stays: no garbage collection searches it again."""
    gc.freeze()


def _position(nodeid: str) -> tuple[int, bool]:
    folder = nodeid.split("/")[1]
    order = ORDER.index(folder) if folder in ORDER else len(ORDER)
    return order, not nodeid.startswith(FIRST)


def pytest_sessionfinish(session):
    """A worker process reports what it skipped."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["skipped"] = _skipped


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """Collect the report of a worker process; every worker skips the same tests."""
    _skipped.update(getattr(node, "workeroutput", {}).get("skipped", {}))


def pytest_terminal_summary(terminalreporter):
    """Name what was skipped, before the closing line."""
    for marker, (count, what, remedy) in _skipped.items():
        terminalreporter.write_line(
            f"skipped: {count} tests marked {marker}, {what} missing ({remedy})"
        )


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Run an asynchronous test in an event loop of its own.

    The plugin of anyio does the same, and imports trio.
    """
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    asyncio.run(pyfuncitem.obj(**arguments))
    return True


@pytest.fixture
def run_here(monkeypatch, capsys):
    """Runs a program's ``main()`` in this process, with the environment of a stack.

    Returns:
        A function of ``main`` and a ``RunningStack`` that returns exit status, standard
        output and standard error.
    """

    def run_main(main, stack):
        with monkeypatch.context() as patched:
            patched.setattr(sys, "argv", ["program"])
            for name in os.environ:
                patched.delenv(name)
            for name, value in stack.environment.items():
                patched.setenv(name, value)
            capsys.readouterr()
            status = main()
        return (status, *capsys.readouterr())

    return run_main
