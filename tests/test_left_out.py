"""A test run says in its last lines what it left out; in CI it leaves out nothing."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def collected(folder: Path, **more: str) -> subprocess.CompletedProcess:
    """What ``make test`` collects of the Terraform suite where no tool is found."""
    return subprocess.run(
        [
            sys.executable,
            *("-m", "pytest", "tests/terraform", "--collect-only", "--quiet"),
            *("-p", "no:cacheprovider"),
        ],
        cwd=ROOT,
        env={"PATH": str(folder), "HOME": str(folder), **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_what_is_left_out_is_named_with_how_to_get_it(tmp_path):
    done = collected(tmp_path)

    *_, told, total = done.stdout.splitlines()
    assert re.fullmatch(
        r"left out: \d+ tests marked terraform, for want of terraform"
        r" \(install terraform 1\.11 or newer\)",
        told,
    )
    assert "deselected" in total


def test_in_ci_a_missing_tool_is_a_failure(tmp_path):
    done = collected(tmp_path, CI="true")

    assert done.returncode == 4
    assert "terraform is missing: install terraform 1.11 or newer" in done.stderr
