"""A test run says in its last lines what it left out; in CI it leaves out nothing."""

import re
import subprocess
import sys
from pathlib import Path

from local.processes import ROOT
from tests.support.copies import copied


def collected(
    folder: Path, root: Path = ROOT, **more: str
) -> subprocess.CompletedProcess:
    """What ``make test`` collects of the Terraform suite with the tools of *folder*."""
    return subprocess.run(
        [
            sys.executable,
            *("-m", "pytest", "tests/terraform", "--collect-only", "--quiet"),
            *("-p", "no:cacheprovider"),
        ],
        cwd=root,
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
    assert "CI wants terraform: install terraform 1.11 or newer" in done.stderr


def offline(folder: Path) -> tuple[Path, Path]:
    """A terraform that reaches no registry, and the project far from any folder."""
    tools, root = folder / "bin", folder / "its" / "copy"
    tools.mkdir()
    (tools / "terraform").write_text("#!/bin/sh\nexit 1\n")
    (tools / "terraform").chmod(0o755)
    root.mkdir(parents=True)
    copied(root)
    return tools, root


def test_without_providers_what_plans_is_left_out_and_named(tmp_path):
    done = collected(*offline(tmp_path))

    *_, told, total = done.stdout.splitlines()
    assert re.fullmatch(
        r"left out: \d+ tests marked providers, for want of Terraform's providers"
        r" \(terraform init needs its registry, or a folder of them: .*\)",
        told,
    )
    assert "test_files_are_formatted" in done.stdout
    assert "test_configuration_is_valid" not in done.stdout
    assert "deselected" in total


def test_in_ci_missing_providers_are_a_failure(tmp_path):
    done = collected(*offline(tmp_path), CI="true")

    assert done.returncode == 4
    assert "CI wants Terraform's providers: terraform init needs" in done.stderr
