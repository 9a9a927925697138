"""Reads the rows of a CSV, NDJSON or JSON file, one at a time."""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal, NamedTuple

Format = Literal["csv", "ndjson", "json"]

CHUNK_CHARACTERS = 65_536
MAX_ROW_CHARACTERS = 4_000_000  # of one JSON row; ingest accepts 1 MiB by default
PEEK_BYTES = 512
ESCAPED_BYTE = re.compile("[\udc80-\udcff]")  # by the error handler surrogateescape
_WHITE_SPACE = re.compile(r"\s*")


class SourceError(ValueError):
    """The file cannot be read at all; for the operator."""


class Row(NamedTuple):
    """One row.

    Attributes:
        number: the line on which it begins, counted from 1; in a JSON array, which
            may be one line, the number of the item.
        content: cells of CSV, or a JSON document.
        error: why it cannot be read; "" where it can.
    """

    number: int
    content: Any
    error: str = ""


@dataclass(frozen=True)
class Source:
    """An opened file.

    Attributes:
        header: the columns of CSV; None for JSON.
        rows: in the order of the file.
    """

    format: Format
    header: list[str] | None
    rows: Iterator[Row]


class CountedStream(io.RawIOBase):
    """Passes *stream* on, and counts its bytes.

    Attributes:
        count: bytes that were read.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.count = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As of ``io.RawIOBase``."""
        # A pipe has what it has; read would wait for a full buffer.
        read = getattr(self._stream, "read1", self._stream.read)
        content = read(len(buffer))
        buffer[: len(content)] = content
        self.count += len(content)
        return len(content)


def open_source(
    stream: io.RawIOBase,
    format: Format | None,
    encoding: str,
    delimiter: str,
    *,
    chunk_characters: int = CHUNK_CHARACTERS,
    max_row_characters: int = MAX_ROW_CHARACTERS,
) -> Source:
    """Begin to read *stream*.

    Args:
        format: None to tell it by the first character.
        chunk_characters: read at once.
        max_row_characters: of one JSON row.

    Raises:
        SourceError: the encoding is unknown, or CSV has no header.
    """
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise SourceError(f"--encoding {encoding} is unknown to Python") from None
    if name == "utf-8":
        name = "utf-8-sig"  # Excel writes a byte order mark
    buffered = io.BufferedReader(stream, CHUNK_CHARACTERS)
    if format is None:
        format = _detect(buffered.peek(PEEK_BYTES)[:PEEK_BYTES], name)
    text = io.TextIOWrapper(buffered, name, "surrogateescape", newline="")
    if format == "json":
        return Source(
            format, None, _array_rows(text, chunk_characters, max_row_characters)
        )
    if format == "ndjson":
        return Source(format, None, _lines(text, name, max_row_characters))
    rows = _csv_rows(text, delimiter, name)
    first = next(rows, None)
    if first is None or first.error:
        reason = first.error if first else "it is empty"
        raise SourceError(f"The file has no header row: {reason}")
    header = [cell.strip() for cell in first.content]
    return Source(format, header, rows)


def _detect(beginning: bytes, encoding: str) -> Format:
    text = beginning.decode(encoding, "ignore").lstrip("\ufeff \t\r\n")
    match text[:1]:
        case "[":
            return "json"
        case "{":
            return "ndjson"
        case _:
            return "csv"


def _csv_rows(text: io.TextIOWrapper, delimiter: str, encoding: str) -> Iterator[Row]:
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            last = reader.line_num
            lines = f"Lines {number} to {last} are" if last > number else "The line is"
            yield Row(number, None, f"{lines} not valid CSV: {error}")
            continue
        if not any(cells):
            continue
        bad = any(map(ESCAPED_BYTE.search, cells))
        yield Row(number, cells, _not_encoded(encoding) if bad else "")


def _lines(text: io.TextIOWrapper, encoding: str, max_characters: int) -> Iterator[Row]:
    number = 0
    while line := text.readline(max_characters):
        number += 1
        if len(line) == max_characters and not line.endswith("\n"):
            while (rest := text.readline(CHUNK_CHARACTERS)) and rest[-1] not in "\r\n":
                pass
            yield Row(number, None, "The line is too long for one event")
        elif ESCAPED_BYTE.search(line):
            yield Row(number, None, _not_encoded(encoding))
        elif line.strip():
            try:
                yield Row(number, json.loads(line))
            except (ValueError, RecursionError) as error:
                yield Row(number, None, f"The line is not JSON: {error}")


def _array_rows(
    text: io.TextIOWrapper, chunk_characters: int, max_row_characters: int
) -> Iterator[Row]:
    """The items of an array; after a syntax error no more can be read."""
    decoder = json.JSONDecoder()
    buffer, position, number, complete = "", 0, 0, False
    expected = "["
    while True:
        position = _WHITE_SPACE.match(buffer, position).end()  # type: ignore[union-attr]  # it matches the empty text
        error = "the file ends within the array"
        if position < len(buffer):
            character = buffer[position]
            if character == "]" and expected in (",", "first"):
                return
            if expected in ("[", ","):
                if character != expected:
                    yield Row(number + 1, None, _syntax(f"{expected!r} is missing"))
                    return
                expected = "first" if expected == "[" else "item"
                position += 1
                continue
            try:
                item, position = decoder.raw_decode(buffer, position)
            except (ValueError, RecursionError) as invalid:
                error = str(invalid)
            else:
                number, expected = number + 1, ","
                yield Row(number, item)
                continue
        if complete or len(buffer) - position > max_row_characters:
            yield Row(number + 1, None, _syntax(error))
            return
        chunk = text.read(chunk_characters)
        complete = not chunk
        buffer, position = buffer[position:] + chunk, 0


def _syntax(error: str) -> str:
    return f"The array is not valid JSON from this item on: {error}"


def _not_encoded(encoding: str) -> str:
    name = encoding.removesuffix("-sig")
    return f"The row is not valid {name}: name its encoding with --encoding"
