"""The project in a folder of its own, for what cannot be tried in ours."""

import shutil
from pathlib import Path

from tests.running import ROOT

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
SKIPPED = shutil.ignore_patterns("__pycache__", ".terraform*", "*.tfstate*")


def copied(folder: Path) -> None:
    """Put a copy into *folder*."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=SKIPPED)
        else:
            shutil.copy(ROOT / name, folder / name)
