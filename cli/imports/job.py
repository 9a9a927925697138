"""Prepares an import: checks options, opens the file, and finds what was sent."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

from cli.imports.events import Builder
from cli.imports.record import (
    CannotResume,
    Progress,
    RejectedRows,
    file_hash,
    read_progress,
    rejected_path,
    resume_path,
)
from cli.imports.run import Import
from cli.imports.source import CountedStream, Row, SourceError, open_source
from cli.imports.values import MappingError, Values
from functions.events import catalog
from functions.events.catalog import Event

STANDARD_INPUT = Path("stdin")  # its rejected rows go into stdin.rejected.ndjson
ROWS_PER_EVENT = 500


class WrongOptions(ValueError):
    """The options do not fit together, or not to the file; for the operator."""


@dataclass(frozen=True)
class Options:
    """What decides which events a file makes; an import is resumed with the same.

    Attributes:
        mapping, constants: as of ``Values``.
        format: None to tell it by the first character.
        rows_per_event: of an event whose value is a list; None for the default.
        concurrency: requests at once.
        url: of ingest; None for the local stack's.
    """

    event: str | None = None
    mapping: dict[str, str] | None = None
    constants: dict[str, str] | None = None
    format: str | None = None
    delimiter: str = ","
    decimal_comma: bool = False
    encoding: str = "utf-8"
    rows_per_event: int | None = None
    concurrency: int = 4
    url: str | None = None


@dataclass(frozen=True)
class Job:
    """An opened file and its import.

    Attributes:
        rows: of the file.
        counted: counts the bytes that were read.
        total_bytes: None for standard input.
        resume_file: None for standard input.
        unused: columns that fill no field.
    """

    run: Import
    progress: Progress
    rows: Iterator[Row]
    counted: CountedStream
    total_bytes: int | None
    resume_file: Path | None
    rejected: RejectedRows
    unused: list[str]


def find_event(name: str | None) -> Event | None:
    """The event that ``--event`` names, with or without ``be-observer.``.

    Raises:
        WrongOptions: there is none.
    """
    if name is None:
        return None
    event = catalog.find(name, "inbound") or catalog.find(
        catalog.MARKER + name, "inbound"
    )
    if event is None:
        names = ", ".join(
            known.removeprefix(catalog.MARKER) for known in catalog.INBOUND_EVENTS
        )
        raise WrongOptions(f"There is no event {name}: choose one of {names}")
    return event


def earlier_progress(file: Path | None, resume: bool) -> Progress | None:
    """The progress with which to resume; None to begin.

    Raises:
        CannotResume: there is none, the file has changed, or an interrupted import
            would be begun again.
    """
    if file is None:
        if resume:
            raise CannotResume("--resume needs a file: standard input is read once")
        return None
    progress = read_progress(file)
    path = resume_path(file)
    if progress is None:
        if resume:
            raise CannotResume(f"There is nothing to resume: {path} does not exist")
        return None
    if not resume:
        raise CannotResume(
            f"An import of {file} was interrupted: continue it with --resume, or delete"
            f" {path} to begin again, which sends events a second time"
        )
    if file_hash(file) != progress.sha256:
        raise CannotResume(
            f"{file} has changed since the import that {path} is about: restore it, or"
            " delete that file to begin again"
        )
    return progress


@contextmanager
def open_job(
    file: Path | None,
    stdin: BinaryIO,
    options: Options,
    progress: Progress | None,
    accepted_events: IO[str] | None,
) -> Iterator[Job]:
    """Open *file*, or *stdin* for None, and check *options* against it.

    Args:
        progress: of the run to be resumed; None to begin.

    Raises:
        WrongOptions: they do not fit to the file.
    """
    event = find_event(options.event)
    rows_per_event = _rows_per_event(options, event)
    with ExitStack() as stack:
        stream = stack.enter_context(file.open("rb")) if file else stdin
        counted = CountedStream(stream)
        try:
            source = open_source(
                counted,
                options.format,  # type: ignore[arg-type]  # click checks the choice
                options.encoding,
                options.delimiter,
            )
            values = None
            if event:
                values = Values(
                    event,
                    source.header,
                    options.mapping or {},
                    options.constants or {},
                    options.decimal_comma,
                )
        except (SourceError, MappingError) as error:
            raise WrongOptions(str(error)) from None
        if event is None and source.format == "csv":
            raise WrongOptions("The rows of CSV have no event: name it with --event")
        resume = progress is not None
        if progress is None:
            digest = file_hash(file) if file else ""
            stored = json.loads(json.dumps(vars(options)))
            progress = Progress(digest, stored, [0] * options.concurrency)
        rejected = RejectedRows(rejected_path(file or STANDARD_INPUT), resume)
        stack.callback(rejected.close)
        builder = Builder(
            progress.import_id, event, values, options.concurrency, rows_per_event
        )
        resume_file = resume_path(file) if file else None
        yield Job(
            Import(builder, progress, resume_file, rejected, accepted_events),
            progress,
            source.rows,
            counted,
            file.stat().st_size if file else None,
            resume_file,
            rejected,
            values.unused if values else [],
        )


def _rows_per_event(options: Options, event: Event | None) -> int:
    if event is not None and event.schema.many:
        return options.rows_per_event or ROWS_PER_EVENT
    needs_event: dict[str, Any] = {"--rows-per-event": options.rows_per_event}
    if event is None:
        needs_event |= {"--map": options.mapping, "--set": options.constants}
    if given := [name for name, value in needs_event.items() if value]:
        reason = "--event" if event is None else "an event whose value is a list"
        raise WrongOptions(f"{given[0]} needs {reason}")
    return 1
