"""The setting LEDGER: which store it names."""

import pytest

from functions.ledger.firestore import FirestoreStore
from functions.ledger.memory import MemoryStore
from functions.ledger.sqlite import SqliteStore
from functions.ledger.stores import check, open_store


def test_a_store_is_opened_by_its_name(subtests):
    for name, kind in [
        ("memory", MemoryStore),
        ("sqlite:/tmp/ledger.sqlite", SqliteStore),
        ("firestore", FirestoreStore),
        ("firestore:orders", FirestoreStore),
    ]:
        with subtests.test(name=name):
            assert check(name) == name
            assert isinstance(open_store(name, "p"), kind)


def test_another_name_is_an_error(subtests):
    for name in ["", "memory:", "sqlite", "sqlite:", "redis:host"]:
        with subtests.test(name=name):
            with pytest.raises(
                ValueError, match="^must be memory, sqlite:PATH or firestore"
            ):
                check(name)
