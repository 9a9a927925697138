"""A copy of the project in a folder of its own."""

import shutil
from pathlib import Path

from local.processes import ROOT

COPIED = (
    "cli",
    "docs",
    "functions",
    "local",
    "tests",
    "terraform",
    "tools",
    "pyproject.toml",
)
SKIPPED = shutil.ignore_patterns(".terraform*", "*.tfstate*")


def copied(folder: Path) -> None:
    """Copy the project into *folder*."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=SKIPPED)
        else:
            shutil.copy(ROOT / name, folder / name)
