"""The templates of the console's pages, and their filters."""

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cli.make_command import make_command
from cli.times import next_attempt_words
from local.console.timeline import parts

HERE = Path(__file__).parent


def templates() -> Environment:
    """The templates; values are escaped, and an undefined one is an error."""
    pages = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["clock"] = lambda at: f"{_local(at):%H:%M:%S.%f}"[:-3]
    pages.filters["day"] = lambda at: f"{_local(at):%Y-%m-%d %H:%M:%S}"
    pages.filters["next_attempt"] = _next_attempt
    pages.filters["word"] = lambda outcome: {"retry": "retrying"}.get(outcome, outcome)
    pages.filters["css"] = lambda status: status.replace(" ", "-")
    pages.filters["pretty"] = _pretty
    pages.filters["bare"] = lambda event: (event or "").rpartition("be-observer.")[2]
    pages.filters["query"] = lambda text: urlencode({"key": text})
    pages.filters["timeline"] = parts
    pages.filters["trace"] = lambda uid: make_command("trace", UID=uid)
    return pages


def _local(at: float | str) -> datetime:
    """Seconds since 1970 or RFC 3339 text, in this machine's time zone."""
    if isinstance(at, str):
        return datetime.fromisoformat(at).astimezone()
    return datetime.fromtimestamp(at).astimezone()


def _next_attempt(at: float | str, attempt: int) -> str:
    return next_attempt_words(attempt, _local(at).timestamp(), time.time(), None)


def _pretty(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, ensure_ascii=False)
