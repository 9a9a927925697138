"""The console's bench measures the list page; its browser part takes an hour."""

import re
import subprocess
import sys

from local.processes import ROOT


def test_the_list_page_is_measured():
    options = ("--events", "2", "5", "--minutes", "0")
    done = subprocess.run(
        [sys.executable, "-m", "bench", "console", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    lines = done.stdout.splitlines()[2:]
    assert [re.findall(r"[0-9.]+", line)[0] for line in lines] == ["2", "5"]
    assert all(len(re.findall(r"[0-9.]+", line)) == 4 for line in lines)
