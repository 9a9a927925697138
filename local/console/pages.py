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
from local.console.events import parse
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
    pages.filters["iso"] = lambda at: _local(at).isoformat(timespec="milliseconds")
    pages.filters["ago"] = lambda at: ago(time.time() - _local(at).timestamp())
    pages.globals["time_zone"] = time_zone
    pages.filters["next_attempt"] = _next_attempt
    pages.filters["word"] = lambda outcome: {"retry": "retrying"}.get(outcome, outcome)
    pages.filters["css"] = lambda status: status.replace(" ", "-")
    pages.filters["pretty"] = pretty
    pages.filters["pretty_text"] = lambda text: pretty(parse(text))
    pages.filters["minute"] = lambda at: f"{_local(at):%H:%M}"
    pages.filters["bare"] = lambda event: (event or "").rpartition("be-observer.")[2]
    pages.filters["query"] = lambda text: urlencode({"key": text})
    pages.filters["resource_query"] = lambda name: urlencode({"name": name})
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


def pretty(value: Any) -> str:
    """*value* as indented JSON; text as it is."""
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, ensure_ascii=False)


def time_zone() -> str:
    """This machine's, as ``UTC+02:00``."""
    offset = f"{datetime.now().astimezone():%z}"  # +0200
    return "UTC" if offset == "+0000" else f"UTC{offset[:3]}:{offset[3:5]}"


def ago(seconds: float) -> str:
    """How long ago something was, in one unit: ``3 min ago``."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return f"{max(0, int(seconds))} s ago"
