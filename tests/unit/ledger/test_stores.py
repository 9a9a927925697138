"""The setting LEDGER: which store it names."""

import pytest

from functions.ledger.firestore import FirestoreStore
from functions.ledger.memory import MemoryStore
from functions.ledger.sqlite import SqliteStore
from functions.ledger.stores import check, open_store


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("memory", MemoryStore),
        ("sqlite:/tmp/ledger.sqlite", SqliteStore),
        ("firestore", FirestoreStore),
        ("firestore:orders", FirestoreStore),
    ],
)
def test_a_store_is_opened_by_its_name(name, kind):
    assert check(name) == name
    assert isinstance(open_store(name, "p"), kind)


@pytest.mark.parametrize("name", ["", "memory:", "sqlite", "sqlite:", "redis:host"])
def test_another_name_is_an_error(name):
    with pytest.raises(ValueError, match="^must be memory, sqlite:PATH or firestore"):
        check(name)
