"""One sample of each event: what ``make send``, the console, tests and docs show."""

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def _read() -> dict[str, dict]:
    return json.loads(Path(__file__).with_name("samples.json").read_text())


def names() -> list[str]:
    """Every event that has a sample, in the file's order."""
    return list(_read())


def value(event: str) -> Any:
    """The sample value of *event*, named in full.

    Raises:
        KeyError: there is none.
    """
    try:
        return _read()[event]["value"]
    except KeyError:
        raise KeyError(f"samples.json has no value of {event}") from None
