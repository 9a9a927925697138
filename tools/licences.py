"""List the licences of the deployed packages, and check them: ``make licences``.

The packages are those of ``requirements.txt``; the metadata of the installed ones says
their licences, so no network is needed. The exit status is 1 if a licence is not
allowed or not known.
"""

import importlib.metadata
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEPLOYED = ROOT / "requirements.txt"

# Permissive licences, and MPL-2.0, which asks for the source of changed files only. All
# of them may be combined with the Apache-2.0 of this project.
ALLOWED = {
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "PSF-2.0",
}

# Older packages name their licence in words of their own.
IDENTIFIERS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "https://www.apache.org/licenses/LICENSE-2.0": "Apache-2.0",
}


def deployed(path: Path = DEPLOYED) -> list[str]:
    """Names of the packages that a requirements file pins."""
    return re.findall(r"^([a-z0-9-]+)==", path.read_text(), re.M)


def licence(metadata: importlib.metadata.PackageMetadata) -> str:
    """The licence of a package as an SPDX expression; in its own words if unknown."""
    classifiers = [
        value.rpartition(" :: ")[2]
        for value in metadata.get_all("Classifier") or []
        if value.startswith("License :: ")
    ]
    words = (
        metadata.get("License-Expression")
        or (metadata.get("License") or "").strip().partition("\n")[0]
        or " AND ".join(IDENTIFIERS.get(one, one) for one in classifiers)
        or "no licence"
    )
    return IDENTIFIERS.get(words, words)


def is_allowed(expression: str) -> bool:
    """Whether an SPDX expression without brackets is covered by ALLOWED."""
    return any(
        all(one.strip() in ALLOWED for one in alternative.split(" AND "))
        for alternative in expression.split(" OR ")
    )


def main() -> int:
    """Print the list; returns the exit status."""
    status = 0
    for name in deployed():
        try:
            metadata = importlib.metadata.metadata(name)
        except importlib.metadata.PackageNotFoundError:
            expression = "not installed: run make install"
        else:
            expression = licence(metadata)
        mark = "" if is_allowed(expression) else "  NOT ALLOWED (tools/licences.py)"
        status |= bool(mark)
        sys.stdout.write(f"{name:36}{expression}{mark}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
