"""What an earlier version left in Firestore is understood by the code as it is."""

import json
from datetime import datetime

import pytest

from functions.ledger.decisions import Answered, Busy
from functions.ledger.firestore import COLLECTION
from functions.ledger.ledger import Claim, Ledger
from tests.data import keep
from tests.ledger.parts import STORES

VERSIONS = sorted(found.parent for found in keep.HERE.glob("*/firestore.json"))
# What is said of each kept message: what it answers, or whether it is to be looked for.
SAID = {
    "done": keep.DONE.answer,
    "refused": keep.REFUSED.answer,
    "failed-no-effect": "act",
    "failed-effect-unknown": "look, then act",
    "lost": "look, then act",
    "under-way": "come again",
    "stock-older": "act",
    "stock-newer": keep.DONE.answer,
    "stock-at-work": "look, then act",
}


@pytest.mark.parametrize("more", [{}, {"next": {"deep": 1}}], ids=["as-kept", "later"])
@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
@pytest.mark.parametrize("store", STORES[2:3], indirect=True)
def test_each_message_is_still_in_its_state(store, version, more):
    for key, kept in json.loads((version / "firestore.json").read_text()).items():
        ends = datetime.fromisoformat(kept["expires"])
        document = {**kept, "expires": ends, **more}
        store._client().collection(COLLECTION).document(key).set(document)
    ledger = Ledger(store, keep.LEASE, keep_days=3650)

    def said(push: dict) -> str:
        match decision := keep.claim(ledger, push):
            case Answered():
                return decision.answer
            case Busy():
                return "come again"
        assert isinstance(decision, Claim)
        return "look, then act" if decision.claimed.unsure_since else "act"

    pushes = json.loads((version / "states.json").read_text())
    assert {name: said(push) for name, push in pushes.items()} == SAID
