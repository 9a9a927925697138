"""``python -m bench.soak`` as a test runs it."""

import re
import subprocess
import sys
from pathlib import Path

from local.processes import ROOT


def soak(*options: str, text: str = "") -> subprocess.CompletedProcess:
    """``python -m bench.soak`` until it ends."""
    return subprocess.run(
        [sys.executable, "-m", "bench.soak", *options],
        cwd=ROOT,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def small_soak(folder: Path, *options: str) -> tuple[int, dict[str, int], str]:
    """Exit status, counts and output of a soak."""
    size = ("--events", "100", "--clients", "4", "--waiting", "40")
    done = soak("--folder", str(folder), *size, *options)
    counted = re.findall(r"^ *(\d+)  (.*)$", done.stdout, re.M)
    counts = {name: int(count) for count, name in counted}
    return done.returncode, counts, done.stdout + done.stderr
