"""``make``, in this repository or in a folder with a copy of its Makefile."""

import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.M))
NEEDED = (
    "Makefile",
    "local/install.sh",
    "terraform/run.sh",
    "requirements-dev.txt",
)


def make(
    *arguments: str, folder: Path = ROOT, path: str | None = None, **variables: str
) -> subprocess.CompletedProcess:
    """Run ``make``.

    Args:
        path: the only search path for programs.
        variables: of its environment.
    """
    return subprocess.run(
        [shutil.which("make"), *arguments],
        cwd=folder,
        env={"PATH": path or os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def copy_to(folder: Path) -> Path:
    """The files that ``make`` needs, in a *folder* without an environment."""
    for name in NEEDED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def python(folder: Path, script: str) -> str:
    """A ``python`` that runs *script*."""
    program = folder / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"PYTHON={program}"


def ready(folder: Path) -> None:
    """Mark the environment as complete."""
    (folder / ".venv").mkdir()
    (folder / ".venv" / ".ready").touch()


def bare(folder: Path, *programs: str) -> str:
    """A search path with these programs only."""
    programs_folder = folder / "bin"
    programs_folder.mkdir()
    for name in programs:
        (programs_folder / name).symlink_to(shutil.which(name))
    return str(programs_folder)
