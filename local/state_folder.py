"""The folder of a stack's state: SQLite files, a lock, ``stack.json``."""

import contextlib
import fcntl
import json
import os
import sqlite3
from pathlib import Path

from cli.deployment import StackFile


class FolderInUse(Exception):
    """A running stack uses the folder; ``pid`` is its process, 0 if unknown."""

    def __init__(self, pid: int) -> None:
        super().__init__(str(pid))
        self.pid = pid


class FolderUnusable(Exception):
    """The folder cannot be created, read or written; the text says where and why."""


class OtherStore(Exception):
    """The folder's state belongs to another store; the text is that store's name."""


class StateFolder:
    """The folder, locked for this process until closed.

    Attributes:
        is_new: it held no state before.

    Raises:
        FolderInUse: another process holds the lock.
        FolderUnusable: it cannot be created, read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = open(folder / "lock", "a")
        except OSError as error:
            raise FolderUnusable(
                f"{folder} cannot be used ({error.strerror})"
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise FolderInUse(_pid(folder)) from None
        self.is_new = not self.state.exists()

    def check(self) -> None:
        """Check that the files are SQLite databases.

        Raises:
            FolderUnusable: one is not.
        """
        for path in (self.state, self.ledger):
            try:
                with contextlib.closing(sqlite3.connect(path)) as db:
                    db.execute("SELECT count(*) FROM sqlite_master")
            except sqlite3.Error as error:
                raise FolderUnusable(f"{path} cannot be used ({error})") from None

    def belong_to(self, store: str) -> None:
        """Record which store the state belongs to, or check that it is this one.

        Events that wait for one store must not go to another.

        Args:
            store: its address, or a name.

        Raises:
            OtherStore: the state belongs to another store.
        """
        path = self.folder / "store"
        if self.is_new or not path.exists():
            path.write_text(store + "\n")
        elif (other := path.read_text().strip()) != store:
            raise OtherStore(other)

    @property
    def state(self) -> Path:
        """The file of broker, stand-in and journal."""
        return self.folder / "state.sqlite"

    @property
    def ledger(self) -> Path:
        """The consumer's ledger: a file of its own, because the consumer writes it."""
        return self.folder / "ledger.sqlite"

    def open(self) -> sqlite3.Connection:
        """A connection to the file of broker, stand-in and journal."""
        db = sqlite3.connect(self.state, isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        # Survives a killed process; a power cut may lose the last changes.
        db.execute("PRAGMA synchronous = NORMAL")
        return db

    def announce(self, stack: StackFile) -> None:
        """Write ``stack.json`` atomically."""
        draft = self.folder / "stack.json.new"
        draft.write_text(json.dumps(stack, indent=2) + "\n")
        os.replace(draft, self.folder / "stack.json")

    def remove(self) -> None:
        """Delete the stack's files, and the folder if it is then empty.

        Other files stay: the folder may be shared.
        """
        for path in (self.state, self.ledger):
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
        # ledger.key: the secret of the hashes in a SQLite ledger.
        for name in ("stack.json.new", "store", "ledger.key"):
            (self.folder / name).unlink(missing_ok=True)
        # Locked until it is deleted, so that no stack starts meanwhile.
        (self.folder / "lock").unlink(missing_ok=True)
        self.close()
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def close(self) -> None:
        """Delete ``stack.json`` and unlock the folder."""
        (self.folder / "stack.json").unlink(missing_ok=True)
        self._lock.close()


def _pid(folder: Path) -> int:
    try:
        return int(json.loads((folder / "stack.json").read_text())["pid"])
    except (OSError, ValueError, KeyError):
        return 0
