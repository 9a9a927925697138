"""``python -m bench.soak`` as a test runs it, in the process of the tests."""

import io
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from bench.soak.__main__ import main
from local.commerce import order


def soak(*options: str) -> tuple[int, str]:
    """Exit status and output of ``python -m bench.soak``."""
    output = io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(output),
        redirect_stderr(output),
    ):
        # A soak of both directions adds statuses.
        patch.setitem(order.STATUSES, "processing", order.STATUSES["processing"])
        return main([*options]), output.getvalue()


def small_soak(folder: Path, *options: str) -> tuple[int, dict[str, int], str]:
    """Exit status, counts and output of a soak."""
    size = ("--events", "100", "--clients", "4", "--waiting", "40")
    status, output = soak("--folder", str(folder), *size, *options)
    counted = re.findall(r"^ *(\d+)  (.*)$", output, re.M)
    return status, {name: int(count) for count, name in counted}, output
