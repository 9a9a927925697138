"""One contract for all stores."""

import contextlib
import os
import socket
import sqlite3
import threading
from datetime import UTC, datetime

import pytest
import requests

from functions.ledger.decisions import Delivery, Outcome
from functions.ledger.ledger import Ledger, event_key, uid_hash
from functions.ledger.sqlite import SqliteStore
from functions.ledger.store import LedgerUnavailable
from tests.ledger.parts import STORES
from tests.serving import function, url

FOREVER = 4e9


def put(store, key: str, record: dict | None) -> None:
    store.change([key], lambda records: ([record], None))


def test_nothing_is_there_to_begin_with(store):
    assert store.get("a") is None
    assert store.change(["a", "b"], lambda records: (records, records)) == [None, None]


def test_what_is_put_is_read_back(store):
    record = {
        "expires": FOREVER,
        "uid": "u",
        "resources": ["t"],
        "deep": {"a": [1, None]},
    }

    put(store, "a", record)

    assert store.get("a") == record


def test_none_deletes(store):
    put(store, "a", {"expires": FOREVER, "uid": "u", "resources": ["t"]})

    put(store, "a", None)

    assert store.get("a") is None
    assert (store.find("uid", "u"), store.find("resources", "t")) == ([], [])


def test_records_are_found_by_uid_and_by_thing(store):
    one = {"expires": FOREVER, "uid": "u", "resources": ["t", "s"]}
    two = {"expires": FOREVER, "uid": "v", "resources": ["t"]}
    put(store, "one", one)
    put(store, "two", two)

    assert store.find("uid", "u") == [("one", one)]
    assert sorted(store.find("resources", "t")) == [("one", one), ("two", two)]
    put(store, "one", {**one, "resources": ["s"]})
    assert store.find("resources", "t") == [("two", two)]


def test_a_change_that_fails_changes_nothing(store):
    put(store, "a", {"expires": FOREVER, "n": 1})

    def broken(records):
        raise KeyError("a rule's own fault")

    with pytest.raises(KeyError):
        store.change(["a"], broken)
    assert store.get("a") == {"expires": FOREVER, "n": 1}


def test_of_many_at_once_each_counts(store):
    """Read and write are one: no thread overwrites what another has just written."""
    threads, rounds = 4, 5

    def count(records):
        before = records[0] or {"expires": FOREVER, "n": 0}
        return [{**before, "n": before["n"] + 1}], None

    def work():
        done = 0
        while done < rounds:
            try:
                store.change(["a"], count)
            except LedgerUnavailable:
                continue  # told so, and nothing was changed
            done += 1

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert store.get("a")["n"] == threads * rounds


def test_several_records_change_together(store):
    put(store, "a", {"expires": FOREVER, "n": 1})
    put(store, "b", {"expires": FOREVER, "n": 2})

    swapped = store.change(["a", "b"], lambda records: (records[::-1], "done"))

    assert (swapped, store.get("a")["n"], store.get("b")["n"]) == ("done", 2, 1)


def test_what_was_only_read_counts_as_well(store):
    """Two take a place that is free only while the other is: one gets it."""
    both_have_read = threading.Barrier(2)

    def take(mine):
        def by(records):
            # Where reading locks out the other, nobody else comes.
            with contextlib.suppress(threading.BrokenBarrierError):
                both_have_read.wait(0.5)
            if any(records):
                return records, False
            taken = [None, None]
            taken[mine] = {"expires": FOREVER}
            return taken, True

        got.append(store.change(["a", "b"], by))

    got = []
    workers = [threading.Thread(target=take, args=(mine,)) for mine in (0, 1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert sorted(got) == [False, True]


def test_a_new_file_that_another_is_just_opening_is_waited_for(tmp_path):
    path = tmp_path / "ledger.sqlite"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    opened = threading.Timer(0.3, other.commit)
    opened.start()

    put(SqliteStore(str(path)), "a", {"expires": FOREVER})

    opened.join()
    other.close()
    assert SqliteStore(str(path)).get("a") == {"expires": FOREVER}


def test_what_stays_as_it_is_stays(store):
    put(store, "a", {"expires": FOREVER, "n": 1})

    store.change(
        ["a", "b", "c"], lambda records: ([records[0], None, {"expires": 9e9}], 0)
    )

    assert (store.get("a"), store.get("b")) == ({"expires": FOREVER, "n": 1}, None)


@pytest.mark.parametrize("store", STORES[2:3], indirect=True)
def test_firestore_removes_by_a_field_that_is_a_moment(store):
    """A TTL policy reads moments; a number would be kept for ever."""
    put(store, "a", {"expires": FOREVER, "n": 1})

    document = store._client().collection("ledger").document("a").get()
    assert document.get("expires") == datetime.fromtimestamp(FOREVER, UTC)


def test_several_may_read_a_file_while_one_writes(tmp_path):
    path = str(tmp_path / "ledger.sqlite")
    put(SqliteStore(path), "a", {"expires": FOREVER, "n": 1})

    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writer:
        assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        writer.execute("BEGIN IMMEDIATE")
        assert SqliteStore(path).get("a") == {"expires": FOREVER, "n": 1}


def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path):
    (tmp_path / "ledger.sqlite").mkdir()

    with pytest.raises(LedgerUnavailable):
        SqliteStore(str(tmp_path / "ledger.sqlite")).get("a")


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(LedgerUnavailable):
        SqliteStore(str(tmp_path / "file" / "ledger.sqlite")).get("a")


def test_a_firestore_that_is_away_is_unavailable():
    from functions.ledger import firestore

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        os.environ["FIRESTORE_EMULATOR_HOST"] = f"127.0.0.1:{closed.getsockname()[1]}"
        try:
            store = firestore.FirestoreStore("p", "(default)", seconds=0.5)
            with pytest.raises(LedgerUnavailable):
                store.get("a")
        finally:
            del os.environ["FIRESTORE_EMULATOR_HOST"]


@pytest.mark.parametrize("store", STORES[1:3], indirect=True)
def test_ingest_tells_a_caller_its_own_from_it_and_writes_nothing(store, tmp_path):
    ledger = Ledger(store, 40, 35)
    given = {"LEDGER": f"sqlite:{tmp_path / 'deep' / 'ledger.sqlite'}"}
    if not isinstance(store, SqliteStore):
        where = os.environ["FIRESTORE_EMULATOR_HOST"]
        given = {
            "LEDGER": "firestore",
            "FIRESTORE_EMULATOR_HOST": where,
            "GOOGLE_CLOUD_PROJECT": store._project,
        }
    for uid, outcome in (
        ("done", Outcome(200, "Product updated", True)),
        ("rejected", Outcome(400, "Bad price", True)),
        ("tried", Outcome(503, "Away", False)),
    ):
        resource = Delivery(
            f"m-{uid}", uid_hash(uid), None, "e", "product", "f", False, ""
        )
        assert ledger.complete(ledger.acquire("/ingest/erp", uid, resource), outcome)
    tokens = {"erp": "erp-token-0123456789", "wms": "wms-token-0123456789"}
    secrets = ",".join(f"{name}:{token}" for name, token in tokens.items())
    uids = ("done", "rejected", "tried", "nobody")
    before = [store.get(event_key("/ingest/erp", uid)) for uid in uids]

    with function("ingest", INGEST_AUTH="token", INGEST_TOKENS=secrets, **given) as it:

        def ask(uid: str, caller: str = "erp") -> requests.Response:
            door = {"X-API-Key": tokens.get(caller, "")}
            return requests.get(f"{url(it)}/events/{uid}", headers=door, timeout=30)

        told = [ask(uid) for uid in uids]
        others = ask("done", "wms")
        nobodys = ask("done", "")

    assert [answer.json().get("state") for answer in told] == [
        *("handled", "rejected", "retrying", None),
    ]
    assert told[1].json()["message"] == "Bad price"
    assert [a.status_code for a in (told[3], others, nobodys)] == [404, 404, 401]
    assert others.json() == {"error": "not seen yet"}
    assert before == [store.get(event_key("/ingest/erp", uid)) for uid in uids]
