"""The journal: entries are stored, found by uid, bounded."""

import sqlite3

import pytest

from cli.journal_entries import JournalEntry
from local import journal
from local.journal import Journal


@pytest.fixture
def db(tmp_path):
    connection = sqlite3.connect(tmp_path / "state.sqlite", isolation_level=None)
    yield connection
    connection.close()


def test_an_entry_is_read_as_it_was_written(db):
    entries = Journal(db, clock=lambda: 5.0)

    entries.observe("outcome", event="e", uid="1", status=200, ms=1.5, trace=None)

    labels = {"event": "e", "uid": "1", "status": 200, "ms": 1.5}
    assert entries.read() == [JournalEntry(1, 5.0, "outcome", labels)]


def test_an_entry_may_have_its_own_time(db):
    entries = Journal(db, clock=lambda: 5.0)

    entries.observe("published", at=4.5, uid="1")

    assert entries.read() == [JournalEntry(1, 4.5, "published", {"uid": "1"})]


def test_entries_survive_the_process(db):
    Journal(db).observe("published", uid="1")

    assert [entry.stage for entry in Journal(db).read()] == ["published"]


def test_a_uid_is_found_by_its_messages_too(db):
    entries = Journal(db)
    entries.observe("published", uid="1", message_id="m1")
    entries.observe("delivered", message_id="m1")
    entries.observe("published", uid="2")

    stages = [entry.stage for entry in entries.read(uid="1")]

    assert stages == ["published", "delivered"]


def test_the_newest_entries_are_kept(db, monkeypatch):
    monkeypatch.setattr(journal, "MAX_ENTRIES", 50)
    monkeypatch.setattr(journal, "TRIM_EVERY", 10)
    entries = Journal(db)
    for number in range(60):
        entries.observe("published", uid=str(number))

    [(count, oldest)] = db.execute("SELECT count(*), min(id) FROM journal_entry")
    assert (count, oldest) == (50, 11)


def test_listeners_receive_entries_until_removed(db):
    entries, received = Journal(db), []
    entries.listen(received.append)
    entries.observe("published", uid="1")
    entries.unlisten(received.append)
    entries.observe("published", uid="2")

    assert [entry.labels for entry in received] == [{"uid": "1"}]
