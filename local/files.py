"""The folder a stack keeps its things in: one SQLite file, a lock, ``stack.json``."""

import contextlib
import fcntl
import json
import os
import sqlite3
from pathlib import Path


class Occupied(Exception):
    """Another stack keeps its things there; ``pid`` is its process, 0 if unknown."""

    def __init__(self, pid: int) -> None:
        super().__init__(str(pid))
        self.pid = pid


class Unusable(Exception):
    """Nothing can be kept there; the text says where and why."""


class OfAnother(Exception):
    """What is kept is about another store; the text names that one."""


class Files:
    """The folder, held for this process alone until closed.

    Raises:
        Occupied: another process holds it.
        Unusable: it cannot be made, read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = open(folder / "lock", "a")
        except OSError as error:
            raise Unusable(f"{folder} cannot be used ({error.strerror})") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise Occupied(_pid(folder)) from None
        self.fresh = not self.state.exists()

    def check(self) -> None:
        """Whether what is kept can be read.

        Raises:
            Unusable: it is not what we wrote.
        """
        for path in (self.state, self.ledger):
            try:
                with contextlib.closing(sqlite3.connect(path)) as db:
                    db.execute("SELECT count(*) FROM sqlite_master")
            except sqlite3.Error as error:
                raise Unusable(f"{path} cannot be used ({error})") from None

    def belong_to(self, store: str) -> None:
        """Note whose events these are, or see that it is so.

        What waits for one store, and what was done there, says nothing of another.

        Args:
            store: its address, or a name.

        Raises:
            OfAnother: they are another store's.
        """
        noted = self.folder / "store"
        if self.fresh or not noted.exists():
            noted.write_text(store + "\n")
        elif (other := noted.read_text().strip()) != store:
            raise OfAnother(other)

    @property
    def state(self) -> Path:
        """The file of broker, stand-in and journal."""
        return self.folder / "state.sqlite"

    @property
    def ledger(self) -> Path:
        """The consumer's ledger; its own file, since another process writes it."""
        return self.folder / "ledger.sqlite"

    def open(self) -> sqlite3.Connection:
        """A connection to the stack's file."""
        db = sqlite3.connect(self.state, isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        # Enough against a killed process, which is all that is promised here.
        db.execute("PRAGMA synchronous = NORMAL")
        return db

    def announce(self, stack: dict) -> None:
        """Write ``stack.json``, whole or not at all."""
        draft = self.folder / "stack.json.new"
        draft.write_text(json.dumps(stack, indent=2) + "\n")
        os.replace(draft, self.folder / "stack.json")

    def remove(self) -> None:
        """Forget everything: take our files away, and the folder if it is empty then.

        Nothing else is touched; the folder is anybody's choice.
        """
        for path in (self.state, self.ledger):
            for more in ("", "-wal", "-shm"):
                path.with_name(path.name + more).unlink(missing_ok=True)
        for name in ("stack.json.new", "store"):
            (self.folder / name).unlink(missing_ok=True)
        # Held until it is gone: nobody starts amid this.
        (self.folder / "lock").unlink(missing_ok=True)
        self.close()
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def close(self) -> None:
        """Withdraw what was announced and let go of the folder."""
        (self.folder / "stack.json").unlink(missing_ok=True)
        self._lock.close()


def _pid(folder: Path) -> int:
    try:
        return int(json.loads((folder / "stack.json").read_text())["pid"])
    except (OSError, ValueError, KeyError):
        return 0
