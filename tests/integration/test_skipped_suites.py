"""A test run names what it skips, before its closing line; CI skips nothing."""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import conftest
from tests.support import machine
from tests.support.machine import ROOT

QUICK_SECONDS = 30  # a registry that is not reachable used to cost a minute
NEEDED = (
    *("pyproject.toml", "terraform/versions.tf", "terraform/tests"),
    *("tests/__init__.py", "tests/conftest.py", "tests/support", "tests/terraform"),
)
ADOBE = "import pytest\n\n@pytest.mark.adobe\ndef test_reference(): pass\n"


@pytest.fixture(scope="module")
def far_copy(tmp_path_factory):
    """The project where ``../shared`` is absent, and a terraform without a registry."""
    folder = tmp_path_factory.mktemp("far")
    root = folder / "its" / "copy"
    for name in NEEDED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, root / name)
    for name in ("functions", "local"):
        (root / name).symlink_to(ROOT / name)
    (root / "tests" / "test_adobe.py").write_text(ADOBE)
    (folder / "terraform").write_text("#!/bin/sh\nexit 1\n")
    (folder / "terraform").chmod(0o755)

    def collect(**more: str) -> subprocess.CompletedProcess:
        """What ``make test`` collects there with that program only."""
        return subprocess.run(
            [
                sys.executable,
                *("-m", "pytest", "--collect-only", "--quiet"),
                *("-p", "no:cacheprovider", "tests/test_adobe.py"),
                "tests/terraform/test_configuration.py",
            ],
            cwd=root,
            env={
                "PATH": str(folder),
                "HOME": str(folder),
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # half of the time
                **more,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return collect


def test_skipped_tests_are_named_with_the_remedy(far_copy):
    """Without providers, only the plans are; this takes no minute."""
    start = time.monotonic()

    done = far_copy()

    *_, adobe, plans, total = filter(None, done.stdout.splitlines())
    assert "test_files_are_formatted" in done.stdout
    assert "test_run_passes" not in done.stdout
    assert adobe.startswith("skipped: 1 tests marked adobe, Adobe's samples")
    assert re.fullmatch(
        r"skipped: \d+ tests marked providers, Terraform's providers missing"
        r" \(terraform init needs its registry, or a folder with the providers: .*\)",
        plans,
    )
    assert " deselected" in total
    assert time.monotonic() - start < QUICK_SECONDS


def test_missing_providers_are_a_failure_in_ci(far_copy):
    """Adobe's material is not, because an outsider has no ``../shared``."""
    done = far_copy(CI="true")

    assert done.returncode == 4
    assert done.stderr.startswith(
        "ERROR: CI needs Terraform's providers: terraform init needs"
    )


class Suite:
    """A test with one marker."""

    nodeid = "tests/test_suite.py::test"

    def __init__(self, marker: str) -> None:
        self.marker = marker

    def iter_markers(self):
        yield SimpleNamespace(name=self.marker)


@pytest.fixture
def summary(monkeypatch, tmp_path):
    """The lines of a run of one marked test on a machine without tools."""
    monkeypatch.setattr(conftest, "_skipped", {})
    monkeypatch.setenv("PATH", str(tmp_path))

    def lines(marker: str, ci: bool, shared: Path) -> list[str]:
        monkeypatch.setattr(conftest, "CI", ci)
        monkeypatch.setattr(machine, "SHARED", shared)
        hook = SimpleNamespace(pytest_deselected=lambda items: None)
        conftest.pytest_collection_modifyitems(
            SimpleNamespace(hook=hook), items := [Suite(marker)]
        )
        assert items == []
        written: list[str] = []
        conftest.pytest_terminal_summary(SimpleNamespace(write_line=written.append))
        return written

    return lines


def test_a_missing_tool_is_a_failure_in_ci_only(summary, tmp_path):
    assert summary("terraform", False, tmp_path) == [
        "skipped: 1 tests marked terraform, terraform missing"
        " (install terraform 1.11 or newer)"
    ]
    with pytest.raises(pytest.UsageError) as raised:
        summary("terraform", True, tmp_path)
    assert str(raised.value) == "CI needs terraform: install terraform 1.11 or newer"


def test_ci_needs_adobe_where_shared_is_present(summary, tmp_path):
    [line] = summary("adobe", True, tmp_path / "absent")
    assert line.startswith("skipped: 1 tests marked adobe, Adobe's samples")

    with pytest.raises(pytest.UsageError, match="CI needs Adobe's samples and OpenAPI"):
        summary("adobe", True, tmp_path)
