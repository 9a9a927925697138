"""Ingest reads the ledger that consumers write: ``GET /events/<uid>``."""

import asyncio
import json
import time

import pytest

from functions.ingest.status import Status
from functions.ledger.decisions import Outcome
from functions.ledger.hashes import CHECK_KEY, LedgerHashes
from functions.ledger.ledger import Ledger
from functions.ledger.stores import open_store
from tests.support.ingest_app import RecordingPublisher, ingest_client
from tests.support.ledger_kit import HASHES, KEEP_DAYS, LEASE_SECONDS, SOURCE, delivery

OUTCOMES = {
    "handled": Outcome(200, "Product updated", True),
    "rejected": Outcome(400, "Bad price", True),
    "retrying": Outcome(503, "Unavailable", False),
}
STORES = ["sqlite", pytest.param("firestore", marks=pytest.mark.emulator)]


@pytest.mark.parametrize("kind", STORES)
def test_ingest_reads_the_state_and_writes_nothing(kind, request, tmp_path):
    store = request.getfixturevalue(f"{kind}_store")
    name, project = kind, getattr(store, "_project", "p")
    if kind == "sqlite":
        name = f"sqlite:{tmp_path / 'deep' / 'ledger.sqlite'}"
    ledger = Ledger(store, HASHES, LEASE_SECONDS, KEEP_DAYS)
    for uid, outcome in OUTCOMES.items():
        lease = ledger.acquire(SOURCE, uid, delivery(f"m-{uid}"))
        assert ledger.complete(lease, outcome)
    keys = [HASHES.event_key(SOURCE, uid) for uid in OUTCOMES]
    before = [store.get(key) for key in keys]
    status = Status(Ledger(open_store(name, project), HASHES))

    def read(uid, source=SOURCE):
        return asyncio.run(status.read(source, uid, time.time()))

    assert {uid: read(uid)["state"] for uid in OUTCOMES} == {u: u for u in OUTCOMES}
    assert read("rejected")["message"] == "Bad price"
    assert read("unknown") is None
    assert read("handled", "/ingest/wms") is None
    assert [store.get(key) for key in keys] == before


@pytest.mark.parametrize("kind", STORES)
def test_another_key_than_the_consumers_is_an_error(kind, request):
    """As a 503; otherwise each event would be "not seen yet"."""
    store = request.getfixturevalue(f"{kind}_store")
    ledger = Ledger(store, HASHES, LEASE_SECONDS, KEEP_DAYS)
    ledger.acquire(SOURCE, "15", delivery())
    check = store.get(CHECK_KEY)
    status = Status(Ledger(store, LedgerHashes("o" * 32)))
    entries: list[bytes] = []

    with ingest_client(RecordingPublisher(), status, entries.append) as client:
        response = client.get("/events/15")

    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    [entry] = [e for e in map(json.loads, entries) if e.get("alarm")]
    assert entry["severity"] == "ERROR"
    assert entry["message"].startswith("WrongLedgerKey in ")
    assert store.get(CHECK_KEY) == check


@pytest.mark.parametrize("kind", STORES)
def test_ingest_stores_no_check_value(kind, request):
    store = request.getfixturevalue(f"{kind}_store")
    status = Status(Ledger(store, HASHES))

    assert asyncio.run(status.read(SOURCE, "15", time.time())) is None
    assert store.get(CHECK_KEY) is None
