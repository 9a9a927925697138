"""A test run names what it skips, before its closing line; CI skips nothing."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.copies import copied

ROOT = Path(__file__).resolve().parents[2]
SUITE = "tests/terraform/test_configuration.py"
QUICK_SECONDS = 30  # a registry that is not reachable used to cost a minute


def collect(
    folder: Path, root: Path = ROOT, suite: str = SUITE, **more: str
) -> subprocess.CompletedProcess:
    """What ``make test`` collects of *suite* with the programs of *folder* only."""
    return subprocess.run(
        [
            sys.executable,
            *("-m", "pytest", suite, "--collect-only", "--quiet"),
            *("-p", "no:cacheprovider"),
        ],
        cwd=root,
        env={
            "PATH": str(folder),
            "HOME": str(folder),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # half of the time is their import
            **more,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def far_copy(tmp_path_factory):
    """The project where ``../shared`` is absent, and a terraform without a registry."""
    folder = tmp_path_factory.mktemp("far")
    tools, root = folder / "bin", folder / "its" / "copy"
    tools.mkdir()
    (tools / "terraform").write_text("#!/bin/sh\nexit 1\n")
    (tools / "terraform").chmod(0o755)
    root.mkdir(parents=True)
    copied(root)
    return tools, root


def test_skipped_tests_are_named_with_the_remedy(tmp_path):
    done = collect(tmp_path)

    *_, line, total = done.stdout.splitlines()
    assert re.fullmatch(
        r"skipped: \d+ tests marked terraform, terraform missing"
        r" \(install terraform 1\.11 or newer\)",
        line,
    )
    assert "deselected" in total


def test_a_missing_tool_is_a_failure_in_ci(tmp_path):
    done = collect(tmp_path, CI="true")

    assert done.returncode == 4
    assert "CI needs terraform: install terraform 1.11 or newer" in done.stderr


def test_without_providers_the_plans_are_skipped(far_copy):
    start = time.monotonic()

    done = collect(*far_copy)

    *_, line, total = done.stdout.splitlines()
    assert re.fullmatch(
        r"skipped: \d+ tests marked providers, Terraform's providers missing"
        r" \(terraform init needs its registry, or a folder with the providers: .*\)",
        line,
    )
    assert "test_files_are_formatted" in done.stdout
    assert "test_run_passes" not in done.stdout
    assert "deselected" in total
    assert time.monotonic() - start < QUICK_SECONDS


def test_missing_providers_are_a_failure_in_ci(far_copy):
    done = collect(*far_copy, CI="true")

    assert done.returncode == 4
    assert "CI needs Terraform's providers: terraform init needs" in done.stderr


@pytest.fixture
def marked(far_copy):
    """A test of the copy that needs Adobe's reference material."""
    _, root = far_copy
    suite = root / "tests" / "test_marked.py"
    suite.write_text("import pytest\n\npytestmark = pytest.mark.adobe\n")
    suite.write_text(suite.read_text() + "\n\ndef test_marked():\n    pass\n")
    yield root, "tests/test_marked.py"
    suite.unlink()


def test_ci_skips_adobe_where_shared_is_absent(marked):
    """An outsider has no ``../shared``."""
    root, suite = marked

    done = collect(root, root, suite, CI="true")

    assert "skipped: 1 tests marked adobe, Adobe's samples" in done.stdout


def test_ci_needs_adobe_where_shared_is_present(marked):
    root, suite = marked
    shared = root.parent / "shared"
    shared.mkdir()

    done = collect(root, root, suite, CI="true")
    shared.rmdir()

    assert done.returncode == 4
    assert "CI needs Adobe's samples and OpenAPI" in done.stderr
