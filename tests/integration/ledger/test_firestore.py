"""The Firestore store: its documents, conflicts, and an emulator that is away."""

import socket
from datetime import UTC, datetime

import pytest

from functions.ledger.firestore import FirestoreStore
from functions.ledger.store import LedgerUnavailable

FAR_FUTURE = 4e9


@pytest.mark.emulator
def test_the_expiry_is_a_timestamp(firestore_store):
    """A TTL policy reads timestamps; a number would be kept for ever."""
    record = {"expires": FAR_FUTURE, "n": 1, "resources": ["t", ""]}
    firestore_store.change(["a"], lambda _: ([record], None))

    document = firestore_store._client().collection("ledger").document("a").get()
    assert document.get("expires") == datetime.fromtimestamp(FAR_FUTURE, UTC)
    assert document.get("resources") == ["t"]


@pytest.mark.emulator
def test_a_conflict_runs_the_change_again(firestore_store):
    """Another writer changes the record between read and commit."""
    reads = []

    def count(records):
        if not reads:
            firestore_store.change(["a"], lambda _: ([{"expires": 1.0, "n": 5}], None))
        reads.append(records[0])
        return [{"expires": 1.0, "n": (records[0] or {"n": 0})["n"] + 1}], None

    firestore_store.change(["a"], count)

    assert reads == [None, {"expires": 1.0, "n": 5}]
    assert firestore_store.get("a")["n"] == 6


@pytest.mark.emulator
def test_a_record_deleted_meanwhile_is_a_conflict(firestore_store):
    firestore_store.change(["a"], lambda _: ([{"expires": 1.0}], None))
    reads = []

    def replace(records):
        if not reads:
            firestore_store.change(["a"], lambda _: ([None], None))
        reads.append(records[0])
        return [{"expires": 2.0}], None

    firestore_store.change(["a"], replace)

    assert reads == [{"expires": 1.0}, None]
    assert firestore_store.get("a") == {"expires": 2.0}


def test_an_unreachable_firestore_is_unavailable(monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", address)
        store = FirestoreStore("p", "(default)", seconds=0.3)

        for call in (lambda: store.get("a"), lambda: store.find("uid", "u")):
            with pytest.raises(LedgerUnavailable, match="^Firestore: "):
                call()
