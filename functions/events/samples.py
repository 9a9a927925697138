"""One sample of each event: what ``make send``, the console, tests and docs show."""

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def _read() -> dict[str, dict]:
    return json.loads(Path(__file__).with_name("samples.json").read_text())


def value(event: str) -> Any:
    """The sample value of *event*, named in full; a KeyError where there is none."""
    return _read()[event]["value"]
