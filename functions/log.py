"""Structured log entries, in the JSON form that Cloud Logging reads from stdout.

Entries go straight to file descriptor 1 and not through ``logging``: with
LOG_EXECUTION_ID the framework reconfigures ``logging`` after our modules are loaded,
which would drop or duplicate them. Only names, numbers and our own sentences are ever
passed in: no value of an event.
"""

import json
import os
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, Self

from functions.timestamps import timestamp

SEVERITIES = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
MAX_MESSAGE_LENGTH = 1024
# Fields that the program that serves a function adds to each entry of one request.
REQUEST_FIELDS: ContextVar[Mapping[str, Any]] = ContextVar("request_fields", default={})  # noqa: B039 it is not changed
# Made once: json.dumps with these arguments makes an encoder for each call. An entry
# holds no value that could contain itself.
_encode = json.JSONEncoder(
    check_circular=False, separators=(",", ":"), default=str
).encode


def severity_level(value: str) -> str:
    """Read one of ``SEVERITIES``, in any case, from a setting.

    Raises:
        ValueError: it is not one of them.
    """
    if value.upper() not in SEVERITIES:
        raise ValueError("must be one of " + ", ".join(SEVERITIES).lower())
    return value.upper()


def error_location(error: BaseException) -> str:
    """The error's type and place, without its message, which may contain values."""
    frame = error.__traceback__
    if frame is None:
        return type(error).__name__
    while frame.tb_next:
        frame = frame.tb_next
    code = frame.tb_frame.f_code
    return f"{type(error).__name__} in {code.co_qualname} line {frame.tb_lineno}"


def write_to_stdout(line: bytes) -> None:
    """Write *line* in one call, so that lines of threads do not mix.

    A signal can interrupt a write to a full pipe; the rest is then written after it.
    An event that was handled stays handled when it cannot be logged, so errors are
    ignored here.
    """
    try:
        while line:
            line = line[os.write(1, line) :]
    except OSError:
        return


class Logger:
    """Writes entries at or above a level.

    Args:
        level: one of ``SEVERITIES``.
        project: Google Cloud project id, which links an entry with its trace.
        write: receives each entry as one line of bytes.
    """

    def __init__(
        self,
        level: str = "INFO",
        project: str = "",
        write: Callable[[bytes], Any] = write_to_stdout,
    ) -> None:
        self._enabled = frozenset(SEVERITIES[SEVERITIES.index(level) :])
        self._project = project
        self._write = write
        self._context: dict[str, Any] = {}

    def bind(self, **fields: Any) -> Self:
        """A logger that adds *fields* to each of its entries."""
        child = object.__new__(type(self))
        child.__dict__.update(self.__dict__, _context={**self._context, **fields})
        return child

    def debug(self, message: str, **fields: Any) -> None:
        """Write an entry; see :meth:`log`."""
        self._log("DEBUG", message, fields)

    def info(self, message: str, **fields: Any) -> None:
        """Write an entry; see :meth:`log`."""
        self._log("INFO", message, fields)

    def warning(self, message: str, **fields: Any) -> None:
        """Write an entry; see :meth:`log`."""
        self._log("WARNING", message, fields)

    def error(self, message: str, **fields: Any) -> None:
        """Write an entry; see :meth:`log`."""
        self._log("ERROR", message, fields)

    def log(self, severity: str, message: str, **fields: Any) -> None:
        """Write one entry; fields that are None are left out.

        Args:
            fields: as docs/operations.md lists them: ``stage``, ``event``, ``uid``, …
                ``traceparent`` becomes the entry's trace and span.
        """
        self._log(severity, message, fields)

    def _log(self, severity: str, message: str, fields: dict[str, Any]) -> None:
        if severity not in self._enabled:
            return
        entry: dict[str, Any] = {
            "severity": severity,
            "message": message[:MAX_MESSAGE_LENGTH],
            "time": timestamp(),
            **self._context,
            **REQUEST_FIELDS.get(),
            **fields,
        }
        traceparent = entry.pop("traceparent", None)
        if None in entry.values():
            entry = {name: value for name, value in entry.items() if value is not None}
        if traceparent:
            trace = traceparent[3:35]
            if self._project:
                trace = f"projects/{self._project}/traces/{trace}"
            entry["logging.googleapis.com/trace"] = trace
            entry["logging.googleapis.com/spanId"] = traceparent[36:52]
        self._write(_encode(entry).encode() + b"\n")
