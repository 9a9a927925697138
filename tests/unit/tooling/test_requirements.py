"""The locked dependencies: one resolution, with hashes, complete for each function."""

import ast
import importlib.metadata
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LOCK = "requirements-dev.txt"
DEPLOYED = "requirements.txt"
SUBSETS = (
    DEPLOYED,
    "functions/commerce_events/requirements.txt",
    "functions/consumer/requirements.txt",
    "functions/ingest/requirements.txt",
)
LINE = re.compile(
    r"#.*"
    r"|[a-z0-9-]+==[^\s\\]+( ; [^\\]+)? \\"
    r"|    --hash=sha256:[0-9a-f]{64}( \\)?"
)
# Tools with environments of their own (tools/tool.sh).
TOOLS = tuple(f"tools/locks/{tool}.txt" for tool in ("audit", "checkov", "site"))
# Packages of functions/ that each archive holds (terraform/modules/archives).
CONTENTS = {
    "ingest": {"events", "ingest", "ledger", "pubsub", "web"},
    "commerce_events": {"commerce_events", "events", "pubsub", "web"},
    "consumer": {"commerce", "consumer", "events", "handlers", "ledger", "pubsub"},
}
# Imported only when spans are exported; docs/deploy.md says how to add it.
OPTIONAL = {"opentelemetry-exporter-otlp-proto-http"}


@cache
def pins(path: str) -> dict[str, tuple[str, list[str]]]:
    """Version and hashes by distribution."""
    entries = re.findall(
        r"^([a-z0-9-]+)==(\S+)[^\\\n]*((?:\\\n {4}[^\\\n]*)*)$",
        (ROOT / path).read_text(),
        re.M,
    )
    return {
        name: (version, sorted(re.findall(r"--hash=(\S+)", rest)))
        for name, version, rest in entries
    }


@pytest.mark.parametrize("path", SUBSETS)
def test_each_file_is_a_subset_of_the_resolution(path):
    assert pins(path)
    assert pins(path).items() <= pins(LOCK).items()


def test_every_line_is_a_pin_with_hashes(subtests):
    """Nothing else: no option, no index address, no unpinned name."""
    for path in [LOCK, *SUBSETS, *TOOLS]:
        with subtests.test(path=path):
            for line in (ROOT / path).read_text().splitlines():
                assert LINE.fullmatch(line), line
            for name, (_, hashes) in pins(path).items():
                assert hashes, name


@pytest.mark.parametrize("path", [LOCK, *SUBSETS])
def test_every_file_is_closed(path):
    """What a pinned distribution requires on this Python is pinned in the same file."""
    packaging = pytest.importorskip("packaging.requirements")
    for name in pins(path):
        try:
            requires = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # for another platform
        for requirement in map(packaging.Requirement, requires):
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                assert canonical(requirement.name) in pins(path), requirement


@pytest.mark.parametrize("function", CONTENTS)
def test_every_import_of_a_function_is_in_its_file(function):
    pinned = pins(f"functions/{function}/requirements.txt")
    modules = {
        module
        for path in (ROOT / "functions").rglob("*.py")
        if path.parent == ROOT / "functions"
        or path.relative_to(ROOT).parts[1] in CONTENTS[function]
        for module in imported(path)
    }
    needed = {distribution(module, pinned) for module in modules} - {None} - OPTIONAL

    assert len(needed) > 5
    assert needed - set(pinned) == set()


def test_tested_packages_are_the_locked_ones():
    """The environment of this run has the versions that a build deploys."""
    locked = {name: version for name, (version, _) in pins(DEPLOYED).items()}

    assert {name: importlib.metadata.version(name) for name in locked} == locked


def canonical(name: str) -> str:
    """A distribution's name as the files write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def imported(path: Path) -> set[str]:
    """Third-party modules that a file imports, anywhere in it."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
    ours = {*sys.stdlib_module_names, "functions"}
    return {module for module in modules if module.split(".")[0] not in ours}


@cache
def installed() -> list[str]:
    """The names of all installed distributions."""
    return [one.metadata["Name"] for one in importlib.metadata.distributions()]


@cache
def files(name: str) -> set[str]:
    """The absolute paths of an installed distribution's files."""
    try:
        one = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return set()  # for another platform
    root = str(one.locate_file(""))
    lines = (one.read_text("RECORD") or "").splitlines()
    return {f"{root}/{line.partition(',')[0]}" for line in lines}


def _then_installed(likely: Iterable[str]) -> Iterator[str]:
    yield from likely
    yield from installed()


def distribution(module: str, likely: Iterable[str]) -> str | None:
    """The distribution that a module is from; None for a name inside a module.

    *likely* distributions are searched first: there are a hundred others.
    """
    try:
        spec = find_spec(module)
    except (ModuleNotFoundError, ValueError):  # ValueError: a part of an extension
        return None
    if not spec or not spec.origin:
        return None
    owners = (one for one in _then_installed(likely) if spec.origin in files(one))
    return next(map(canonical, owners), None)
