"""One structured line per event and stage, in the form Cloud Logging reads.

The lines go straight to file descriptor 1 and not through ``logging``: the framework
reconfigures that after our module is loaded (LOG_EXECUTION_ID), which would silence
or double them, and a line costs a request a few microseconds this way.
Each has its own time, since it may be read a good while after it was written.
Only names, numbers and our own sentences are ever passed in: no value of an event.
"""

import json
import os
from collections.abc import Callable
from typing import Any, NamedTuple

from functions.timestamps import timestamp

SEVERITIES = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LABELS = frozenset({"entity", "event", "uid", "outcome", "attempt", "ms"})
LONGEST_TEXT = 1024

_encode = json.JSONEncoder(separators=(",", ":"), default=str).encode
_quoted = json.encoder.encode_basestring_ascii


def level(value: str) -> str:
    """Read one of ``SEVERITIES``, in any case, from a setting.

    Raises:
        ValueError: it is none.
    """
    if value.upper() not in SEVERITIES:
        raise ValueError("must be one of " + ", ".join(SEVERITIES).lower())
    return value.upper()


def place(error: BaseException) -> str:
    """What kind of fault and where, without its message, which may hold values."""
    frame = error.__traceback__
    while frame.tb_next:
        frame = frame.tb_next
    code = frame.tb_frame.f_code
    return f"{type(error).__name__} in {code.co_qualname} line {frame.tb_lineno}"


def to_stdout(line: bytes) -> None:
    """Write *line* in one call, so that lines of threads do not mix.

    A full pipe takes a part only when a signal comes meanwhile; the rest goes after it.
    What is done is done even where it cannot be logged: a fault here is dropped.
    """
    try:
        while line:
            line = line[os.write(1, line) :]
    except OSError:
        return


class About(NamedTuple):
    """Fields that several lines share, written once: see :meth:`Log.about`."""

    text: str
    labels: str
    trace: str


class Log:
    """Writes lines at or above a level.

    Args:
        level: one of ``SEVERITIES``.
        project: Google Cloud project id, to link a line with its trace.
        write: where a line goes.
    """

    def __init__(
        self,
        level: str = "INFO",
        project: str = "",
        write: Callable[[bytes], Any] = to_stdout,
    ) -> None:
        self._written = frozenset(SEVERITIES[SEVERITIES.index(level) :])
        self._project = project
        self._write = write

    def line(
        self,
        severity: str,
        message: str,
        about: About | None = None,
        *,
        traceparent: str | None = None,
        **fields: Any,
    ) -> None:
        """Write one line; fields that are None are left out.

        Args:
            about: more fields, written beforehand.
            fields: ``stage`` and the labels of the one vocabulary: ``event``,
                ``entity``, ``uid``, ``message_id``, ``attempt``, ``status``, ``ms``, …
        """
        if severity not in self._written:
            return
        text, labels = _written(fields)
        if about is not None:
            text, labels = text + about.text, labels + about.labels
        if labels:
            text += f',"logging.googleapis.com/labels":{{{labels[1:]}}}'
        if traceparent:
            text += self._trace(traceparent)
        if about is not None:
            text += about.trace
        message = _quoted(message[:LONGEST_TEXT])
        told = f'"severity":"{severity}","message":{message},"time":"{timestamp()}"'
        line = f"{{{told}{text}}}\n"
        self._write(line.encode())

    def about(
        self,
        also: About | None = None,
        *,
        traceparent: str | None = None,
        **fields: Any,
    ) -> About:
        """What several lines have in common; *fields* as for :meth:`line`.

        Args:
            also: fields to add these to.
        """
        text, labels = _written(fields)
        trace = self._trace(traceparent) if traceparent else ""
        if also is not None:
            return About(also.text + text, also.labels + labels, also.trace + trace)
        return About(text, labels, trace)

    def _trace(self, traceparent: str) -> str:
        trace, span = traceparent[3:35], traceparent[36:52]
        if self._project:
            trace = f"projects/{self._project}/traces/{trace}"
        return (
            f',"logging.googleapis.com/trace":{_quoted(trace)}'
            f',"logging.googleapis.com/spanId":{_quoted(span)}'
        )


def _written(fields: dict[str, Any]) -> tuple[str, str]:
    """Members of a line's object, and of its labels, each after a comma.

    By hand: an encoder made anew for each line costs more than the line.
    """
    text = labels = ""
    for name, value in fields.items():
        if value is None:
            continue
        kind = type(value)
        if kind is str:
            shown = label = _quoted(value)
        elif kind is int or kind is float:
            shown = repr(value)
            label = f'"{shown}"'
        else:
            shown = _encode(value)
            label = _quoted(str(value))
        text += f',"{name}":{shown}'
        if name in LABELS:
            labels += f',"{name}":{label}'
    return text, labels
