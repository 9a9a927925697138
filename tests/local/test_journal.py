"""The one list of what happened."""

import sqlite3

import pytest

from cli.happened import Entry
from local import journal
from local.journal import Journal


@pytest.fixture
def db(tmp_path):
    connection = sqlite3.connect(tmp_path / "state.sqlite", isolation_level=None)
    yield connection
    connection.close()


def test_an_entry_is_read_back_as_it_was_told(db):
    told = Journal(db, clock=lambda: 5.0)

    told.observe("outcome", event="e", uid="1", status=200, ms=1.5, trace=None)

    labels = {"event": "e", "uid": "1", "status": 200, "ms": 1.5}
    assert told.read() == [Entry(1, 5.0, "outcome", labels)]


def test_an_entry_may_say_when_it_was(db):
    told = Journal(db, clock=lambda: 5.0)

    told.observe("received", at=4.5, uid="1")

    assert told.read() == [Entry(1, 4.5, "received", {"uid": "1"})]


def test_the_list_survives_its_process(db):
    Journal(db).observe("received", uid="1")

    assert [entry.stage for entry in Journal(db).read()] == ["received"]


def test_a_uid_is_found_by_its_messages_too(db):
    told = Journal(db)
    told.observe("received", uid="1")
    told.observe("published", uid="1", message_id="m1")
    told.observe("delivered", message_id="m1")
    told.observe("received", uid="2")

    stages = [entry.stage for entry in told.read(uid="1")]

    assert stages == ["received", "published", "delivered"]


def test_the_newest_entries_are_kept(db, tmp_path):
    told = Journal(db)
    extra = journal.TRIM_EVERY
    db.execute("BEGIN")
    for number in range(journal.KEPT + extra):
        told.observe("received", uid=str(number))
    db.execute("COMMIT")

    count, oldest = db.execute("SELECT count(*), min(id) FROM happened").fetchone()
    assert (count, oldest) == (journal.KEPT, extra + 1)
