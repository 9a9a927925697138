"""What an import has done: ``FILE.resume.json`` and ``FILE.rejected.ndjson``."""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

VERSION = 1
CHUNK_BYTES = 1 << 20


class CannotResume(ValueError):
    """The import cannot begin, or not be continued; for the operator."""


@dataclass
class Progress:
    """The content of the resume file.

    Attributes:
        import_id: the beginning of each uid; random, so that the same file may be
            imported again.
        sha256: of the imported file; "" for standard input.
        options: those that decide which events the file makes.
        done: of each lane, how many events ingest has stored or rejected.
        accepted: rows that ingest has stored, as events.
        events: the events that hold them.
    """

    sha256: str
    options: dict[str, Any]
    done: list[int]
    import_id: str = field(default_factory=lambda: f"import-{secrets.token_hex(8)}")
    accepted: int = 0
    events: int = 0
    version: int = VERSION


def resume_path(file: Path) -> Path:
    """Where the progress of importing *file* is kept."""
    return file.with_name(f"{file.name}.resume.json")


def rejected_path(file: Path) -> Path:
    """Where the rejected rows of *file* are written."""
    return file.with_name(f"{file.name}.rejected.ndjson")


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def read_progress(file: Path) -> Progress | None:
    """The progress of an interrupted import of *file*; None where there is none.

    Raises:
        CannotResume: the resume file is invalid.
    """
    path = resume_path(file)
    try:
        content = json.loads(path.read_text())
        if content.get("version") == VERSION:
            return Progress(**content)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError):
        pass
    raise CannotResume(
        f"{path} cannot be read: delete it to import the file from its beginning"
    )


def write_progress(path: Path, progress: Progress) -> None:
    """Replace the resume file; a kill leaves the old one or the new one."""
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_text(json.dumps(asdict(progress)))
    os.replace(temporary, path)


class RejectedRows:
    """Writes the rejected rows; the file begins to exist with the first one.

    Args:
        resume: keep what an earlier run wrote, and write none of its rows twice.

    Attributes:
        count: rows that were rejected, earlier ones included.
    """

    def __init__(self, path: Path, resume: bool = False) -> None:
        self.path = path
        self.count = 0
        self._known: set[int] = set()
        self._stream: IO[str] | None = None
        if resume and path.exists():
            self._read()
        else:
            path.unlink(missing_ok=True)

    def __contains__(self, row: int) -> bool:
        return row in self._known

    def write(self, rows: list[int], record: Mapping[str, Any], content: Any) -> None:
        """Report one event or row: the numbers of its *rows*, and why.

        Args:
            record: ``error``, ``errors``, ``uid``, as far as known.
            content: the row itself; None to leave it out.
        """
        rows = [row for row in rows if row not in self._known]
        if not rows:
            return
        self.count += len(rows)
        self._known.update(rows)
        entry: dict[str, Any] = {"line": rows[0]}
        if len(rows) > 1:
            entry["lines"] = rows
        entry |= {name: one for name, one in record.items() if one}
        if content is not None:
            entry["row"] = content
        if self._stream is None:
            # The rows may hold personal data.
            opened = os.open(self.path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
            self._stream = os.fdopen(opened, "a")
        self._stream.write(json.dumps(entry) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Close the file."""
        if self._stream:
            self._stream.close()

    def _read(self) -> None:
        with self.path.open("r+b") as stream:
            end = 0
            for line in stream:
                if not line.endswith(b"\n"):
                    break  # a kill cut it off
                entry = json.loads(line)
                self._known.update(entry.get("lines", [entry["line"]]))
                end += len(line)
            stream.truncate(end)
        self.count = len(self._known)
