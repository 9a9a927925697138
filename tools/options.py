"""Types for the options of commands: a wrong value ends with what is allowed."""

import math
from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path


def number(
    kind: Callable[[str], float], low: float, high: float = math.inf
) -> Callable[[str], float]:
    """A number of *kind*, ``int`` or ``float``, from *low* to *high*."""
    name = "a whole number" if kind is int else "a number"
    allowed = (
        f"of at least {low:,}" if high == math.inf else f"from {low:,} to {high:,}"
    )

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high or value == math.inf:
            raise ArgumentTypeError(f"must be {name} {allowed}, not {text!r}")
        return value

    return read


def saved_file(text: str) -> str:
    """A file that exists."""
    if not Path(text).is_file():
        raise ArgumentTypeError(f"must be a file that --save has written, not {text!r}")
    return text


def new_file(text: str) -> str:
    """A file in a folder that exists, so that nothing is measured in vain."""
    if not Path(text).parent.is_dir() or Path(text).is_dir():
        raise ArgumentTypeError(f"must be a file in an existing folder, not {text!r}")
    return text
