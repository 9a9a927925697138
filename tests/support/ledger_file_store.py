"""The smallest store that passes the contract: all records in one JSON file."""

import fcntl
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from functions.ledger.store import Known, LedgerUnavailable, Record, T, Update


class FileStore:
    """Reads and writes the whole file under a lock: for the few records of a test.

    Args:
        path: the file; created if absent.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def change(
        self, keys: Sequence[str], update: Update[T], known: Known | None = None
    ) -> T:
        with self._open() as (file, records):
            after, result = update([records.get(key) for key in keys])
            records.update(zip(keys, after, strict=True))
            kept = {key: record for key, record in records.items() if record}
            file.seek(0)
            file.truncate()
            json.dump(kept, file)
        return result

    def get(self, key: str) -> Record | None:
        with self._open() as (_, records):
            return records.get(key)

    def find(self, field: str, value: str) -> list[tuple[str, Record]]:
        with self._open() as (_, records):
            return [
                (key, record)
                for key, record in records.items()
                if value == record.get(field) or value in record.get("resources", ())
            ]

    @contextmanager
    def _open(self) -> Iterator[tuple[Any, dict[str, Record]]]:
        try:
            with open(self._path, "a+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.seek(0)
                yield file, json.loads(file.read() or "{}")
        except OSError as error:
            raise LedgerUnavailable(f"File: {type(error).__name__}") from error
