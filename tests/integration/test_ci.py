"""``.ci/run`` names each missing tool before it starts."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDED = {
    "terraform": "terraform is missing: install terraform 1.11 or newer",
    "javac": "javac is missing: install a JDK, 17 or newer; Google's emulators and an"
    " example need it",
    "npm": "npm is missing: install Node.js 18 or newer with npm; it installs the"
    " accessibility checker axe-core",
    "gcloud": "gcloud is missing: install the Google Cloud SDK with the components"
    " pubsub-emulator and cloud-firestore-emulator",
}


@pytest.mark.parametrize("present", [set(), {"javac"}, {"terraform", "gcloud"}])
def test_each_missing_tool_is_one_sentence(tmp_path, present):
    script = tmp_path / "clone" / ".ci" / "run"
    script.parent.mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", script)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "dirname"):
        (programs / name).symlink_to(shutil.which(name))
    for name in {"make", "python3", *present}:
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)

    done = subprocess.run(
        [programs / "bash", script],
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        sentence for name, sentence in NEEDED.items() if name not in present
    ]
