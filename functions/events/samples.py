"""One sample of each event, for ``make send``, the console, tests and docs."""

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def _read() -> dict[str, dict[str, Any]]:
    path = Path(__file__).with_name("samples.json")
    samples: dict[str, dict[str, Any]] = json.loads(path.read_text())
    return samples


def value(event: str) -> Any:
    """The sample value of *event*, named in full.

    Raises:
        KeyError: there is none.
    """
    try:
        return _read()[event]["value"]
    except KeyError:
        raise KeyError(f"samples.json has no value of {event}") from None
