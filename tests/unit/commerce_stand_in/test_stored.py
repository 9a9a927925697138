"""Routes without rules of their own keep what they get."""

import sqlite3

import pytest

from local.commerce import stored
from local.commerce.behaviours import Switches
from local.commerce.call import Call
from local.commerce.entity_store import EntityStore
from local.commerce.errors import CommerceError


@pytest.fixture
def call():
    """Makes a call with a path and a document."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    entities = EntityStore(db)
    yield lambda body=None, **values: Call(
        entities, Switches(), values, [], body, "default", 0.0
    )
    db.close()


def test_what_is_saved_can_be_replaced_and_removed(call):
    save, remove = stored.save("salesRules"), stored.remove("salesRules")

    first = save(call({"rule": {"name": "A"}}, id="15"))
    second = save(call({"rule": {"name": "B"}}, id="15"))

    assert first == {"id": 1, "rule": {"name": "A"}}
    assert second == {"id": 1, "rule": {"name": "B"}}
    assert remove(call(id="15")) is True
    with pytest.raises(CommerceError):
        remove(call(id="15"))


def test_each_post_has_an_id_and_an_effect(call):
    save = stored.save("notes")
    one, other = call({"note": "x"}), call({"note": "x"})

    assert [save(one)["id"], save(other)["id"]] == [1, 2]
    assert [(e.operation, e.resource) for e in other.effects] == [("notes.saved", "2")]
