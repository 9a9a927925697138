"""The folder of a stack's state: who may read it, and which version wrote it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from local import state_format
from local.state_folder import OutdatedState, StateFolder

FORMAT = 7


@pytest.fixture
def opened(tmp_path):
    """Opens the folder, as a stack does."""
    folders = []

    def open_folder(number: int = FORMAT) -> StateFolder:
        folder = StateFolder(tmp_path / ".local")
        folders.append(folder)
        folder.check(number)
        return folder

    yield open_folder
    for folder in folders:
        folder.close()


def modes(folder: Path) -> dict[str, str]:
    """The permissions of the folder and its files."""
    paths = [folder, *folder.iterdir()]
    return {path.name: f"{path.stat().st_mode & 0o777:o}" for path in paths}


def fill(folder: StateFolder) -> None:
    """Write every file that a stack writes."""
    folder.belong_to("the stand-in")
    folder.announce({})
    for database in (folder.state, folder.ledger):
        with closing(sqlite3.connect(database)) as db:
            db.execute("CREATE TABLE IF NOT EXISTS personal_data (text)")


@pytest.mark.parametrize("umask", [0o000, 0o022], ids=["open", "usual"])
def test_only_this_user_reads_the_state(opened, umask):
    before = os.umask(umask)
    try:
        folder = opened()
        fill(folder)
        db = folder.open()
        db.execute("INSERT INTO personal_data VALUES ('kept open')")
    finally:
        os.umask(before)

    assert modes(folder.folder) == {
        ".local": "700",
        **dict.fromkeys(
            (
                *("lock", "stack.json", "store", "ledger.sqlite", "state.sqlite"),
                *("state.sqlite-shm", "state.sqlite-wal"),
            ),
            "600",
        ),
    }
    db.close()


def test_files_of_earlier_versions_become_private(opened):
    folder = opened()
    fill(folder)
    folder.close()
    for path in folder.folder.iterdir():
        path.chmod(0o644)

    opened()

    assert set(modes(folder.folder).values()) <= {"600", "700"}


def test_a_folder_keeps_its_format(opened):
    opened().close()
    opened().close()

    with pytest.raises(OutdatedState):
        opened(FORMAT + 1)


def test_the_format_follows_from_the_tables(monkeypatch):
    numbers = [state_format.state_format()]
    for schemas in (
        (*state_format.SCHEMAS[:-1], "-- a comment\n" + state_format.SCHEMAS[-1]),
        (*state_format.SCHEMAS, "CREATE TABLE more (id INTEGER)"),
    ):
        monkeypatch.setattr(state_format, "SCHEMAS", schemas)
        numbers.append(state_format.state_format())

    assert numbers[0] == numbers[1] != numbers[2]
    assert all(0 <= number < 2**31 for number in numbers)


def test_an_existing_local_folder_becomes_private(tmp_path):
    for name in (".local", "state"):
        (tmp_path / name).mkdir(mode=0o755)
        StateFolder(tmp_path / name).close()

    assert modes(tmp_path / ".local")[".local"] == "700"
    assert modes(tmp_path / "state")["state"] == "755"
