"""The folder of a stack's state: SQLite files, a lock, ``stack.json``."""

import contextlib
import fcntl
import json
import os
import sqlite3
from pathlib import Path

from cli.deployment import StackFile

PRIVATE_FILE = 0o600


class FolderInUse(Exception):
    """A running stack uses the folder; ``pid`` is its process, 0 if unknown."""

    def __init__(self, pid: int) -> None:
        super().__init__(str(pid))
        self.pid = pid


class FolderUnusable(Exception):
    """The folder cannot be created, read or written; the text says where and why."""


class OutdatedState(Exception):
    """Another version of this project wrote the state."""


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
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # One that others created; a folder of another name may serve others, too.
            if folder.name.startswith(".local"):
                folder.chmod(0o700)
            self._lock = open(folder / "lock", "a", opener=_private)
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

    def check(self, state_format: int) -> None:
        """Create the SQLite files where they are absent, and check them.

        Payloads are personal data: only this user may read the files.

        Args:
            state_format: what the files must have, from 0 to 2^31 - 1.

        Raises:
            FolderUnusable: one is no SQLite database, or belongs to another user.
            OutdatedState: one has another format.
        """
        try:
            for path in (*self._files(), self.folder / "lock"):
                with contextlib.suppress(FileNotFoundError):
                    path.chmod(PRIVATE_FILE)  # an earlier version created it
        except OSError as error:
            raise FolderUnusable(f"{path} cannot be used ({error.strerror})") from None
        for path in (self.state, self.ledger):
            try:
                _check_format(path, state_format)
            except (OSError, sqlite3.Error) as error:
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
            _write(path, store + "\n")
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
        _write(draft, json.dumps(stack, indent=2) + "\n")
        os.replace(draft, self.folder / "stack.json")

    def remove(self) -> None:
        """Delete the stack's files, and the folder if it is then empty.

        Other files stay: the folder may be shared.
        """
        for path in self._files():
            path.unlink(missing_ok=True)
        # Locked until it is deleted, so that no stack starts meanwhile.
        (self.folder / "lock").unlink(missing_ok=True)
        self.close()
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def _files(self) -> list[Path]:
        """All that a stack writes here, except the lock and ``stack.json``."""
        databases = [
            path.with_name(path.name + suffix)
            for path in (self.state, self.ledger)
            for suffix in ("", "-wal", "-shm")
        ]
        # ledger.key: the secret of the hashes in a SQLite ledger.
        others = ("stack.json.new", "store", "ledger.key")
        return [*databases, *(self.folder / name for name in others)]

    def close(self) -> None:
        """Delete ``stack.json`` and unlock the folder."""
        (self.folder / "stack.json").unlink(missing_ok=True)
        self._lock.close()


def _check_format(path: Path, state_format: int) -> None:
    open(path, "a", opener=_private).close()
    is_new = not path.stat().st_size
    with contextlib.closing(sqlite3.connect(path)) as db:
        if is_new:
            db.execute(f"PRAGMA user_version = {state_format}")
        elif db.execute("PRAGMA user_version").fetchone() != (state_format,):
            raise OutdatedState


def _private(path: str, flags: int) -> int:
    """The opener of a file that only this user may read."""
    return os.open(path, flags, PRIVATE_FILE)


def _write(path: Path, text: str) -> None:
    with open(path, "w", opener=_private) as file:
        file.write(text)


def _pid(folder: Path) -> int:
    try:
        return int(json.loads((folder / "stack.json").read_text())["pid"])
    except (OSError, ValueError, KeyError):
        return 0
