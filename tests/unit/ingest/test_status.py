"""``GET /events/<uid>``: a caller reads the state of its event."""

import asyncio
import base64
import json
import threading

import pytest
from jsonschema import Draft202012Validator

from functions.ingest.status import Status
from functions.ledger.decisions import Delivery, Outcome
from functions.ledger.ledger import Ledger
from functions.ledger.memory import MemoryStore
from functions.ledger.store import LedgerUnavailable
from tests.support.ingest_app import RecordingPublisher, ingest_client
from tests.support.ingest_authentication import signed
from tests.support.ledger_kit import HASHES
from tools.docs import openapi

SECONDS = 30.0
NOW = 1_700_000_000.0
EVENT = "be-observer.catalog_product_update"
KEY = bytes(range(32))
ERP, WMS = "erp-token-0123456789", "wms-token-0123456789"
AUTHENTICATION = {
    "INGEST_AUTH": "token",
    "INGEST_TOKENS": f"erp:{ERP},wms:{WMS}",
}


def get_state(store, path="/events/15", ledger="memory", write=bytes, **options):
    """The response of an ingest over *store*; *options* are settings or headers."""
    headers = options.pop("headers", {"Authorization": f"Bearer {ERP}"})
    status = Status(Ledger(store, HASHES)) if ledger else None
    settings = {**AUTHENTICATION, **options}
    with ingest_client(RecordingPublisher(), status, write, **settings) as client:
        return client.get(path, headers=headers)


def delivered(ledger: Ledger, uid: str, outcome: Outcome | None, source="/ingest/erp"):
    """Have *uid* delivered once, with *outcome*."""
    delivery = Delivery(
        message_id=f"m-{uid}",
        uid=HASHES.uid(uid),
        resource=HASHES.resource("product:A"),
        event=EVENT,
        entity="product",
        content_hash="f",
        idempotent=True,
        time="2026-01-01T00:00:00.000000Z",
    )
    lease = ledger.acquire(source, uid, delivery)
    if outcome:
        assert ledger.complete(lease, outcome)


def assert_documented(response) -> None:
    """The response is one that the OpenAPI document has."""
    document = openapi.document()
    documented = document["paths"]["/events/{uid}"]["get"]["responses"]
    media = documented[str(response.status_code)]["content"]["application/json"]
    components = {"components": document["components"]}
    assert Draft202012Validator({**media["schema"], **components}).is_valid(
        response.json()
    )


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def ledger(store):
    return Ledger(store, HASHES, 40, 35, clock=lambda: NOW)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        pytest.param(Outcome(200, "done", True), "handled", id="handled"),
        pytest.param(Outcome(400, "Bad price", True), "rejected", id="rejected"),
        pytest.param(Outcome(503, "Busy", False), "retrying", id="retrying"),
    ],
)
def test_a_caller_reads_the_state_of_its_event(store, ledger, outcome, state):
    delivered(ledger, "erp/15 a", outcome)

    response = get_state(store, "/events/erp%2F15%20a")

    assert response.status_code == 200
    assert response.json() == {
        "uid": "erp/15 a",
        "event": EVENT,
        "state": state,
        "message": outcome.message,
        "at": "2023-11-14T22:13:20Z",
    }
    assert_documented(response)


@pytest.mark.parametrize(
    ("lease_seconds", "state"),
    [
        pytest.param(4e9, "in flight", id="lease"),
        # As after a crash: the next delivery acquires the lease.
        pytest.param(40, "waiting", id="expired lease"),
    ],
)
def test_an_event_without_a_result_has_a_state(store, lease_seconds, state):
    delivered(Ledger(store, HASHES, lease_seconds, 35, clock=lambda: NOW), "15", None)

    response = get_state(store)

    assert response.json()["state"] == state
    assert "message" not in response.json()
    assert_documented(response)


def test_a_second_attempt_that_crashes_is_retrying(store, ledger):
    delivered(ledger, "15", Outcome(503, "Busy", False))
    delivered(ledger, "15", None)

    assert get_state(store).json()["state"] == "retrying"


def test_an_unknown_uid_is_not_seen_yet(store):
    response = get_state(store, "/events/unknown")

    assert (response.status_code, response.json()) == (404, {"error": "not seen yet"})
    assert_documented(response)


def test_a_caller_reads_only_its_own_events(store, ledger):
    delivered(ledger, "15", Outcome(200, "done", True))
    of_wms = {"Authorization": f"Bearer {WMS}"}

    assert get_state(store, headers=of_wms).status_code == 404
    assert get_state(store).status_code == 200


def test_the_state_needs_authentication(store, ledger):
    delivered(ledger, "15", Outcome(200, "done", True))

    response = get_state(store, headers={})

    assert (response.status_code, response.json()) == (401, {"error": "Unauthorized"})


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"GET /events/a%2F15", 200),
        (b"GET /events/a/15", 401),
        (b"GET /events/16", 401),
        (b"POST /events/a%2F15", 401),
        (b"", 401),
    ],
)
def test_a_signature_covers_method_and_path(store, ledger, content, status):
    """A signature of one event's state shows no other one's."""
    delivered(ledger, "a/15", Outcome(200, "done", True))
    key = "whsec_" + base64.b64encode(KEY).decode()
    settings = {"INGEST_AUTH": "hmac", "INGEST_HMAC_SECRETS": f"erp:{key}"}

    response = get_state(
        store, "/events/a%2F15", headers=signed(KEY, content), **settings
    )

    assert response.status_code == status


def test_without_a_ledger_it_is_a_405(store):
    response = get_state(store, ledger="")

    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_an_unavailable_ledger_is_a_503_and_an_alarm():
    class UnavailableStore:
        def get(self, key):
            raise LedgerUnavailable(f"SQLite: {key}")

    entries: list[bytes] = []
    response = get_state(UnavailableStore(), write=entries.append)

    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert_documented(response)
    [entry] = map(json.loads, entries)
    assert (entry["severity"], entry["status"], entry["alarm"]) == ("ERROR", 503, True)
    assert entry["message"].startswith("LedgerUnavailable in ")
    assert "SQLite" not in entry["message"]


def test_a_slow_ledger_does_not_delay_posts():
    """ID tokens are verified in the event loop's own threads, of which it has few."""
    released = threading.Event()

    class SlowStore:
        def get(self, key):
            released.wait(SECONDS)

    status = Status(Ledger(SlowStore(), HASHES))

    async def use_threads_while_reading() -> None:
        readings = [
            asyncio.create_task(status.read("/ingest/erp", "15", 0.0))
            for _ in range(100)
        ]
        await asyncio.sleep(0)
        await asyncio.wait_for(asyncio.to_thread(released.set), SECONDS / 2)
        assert await asyncio.gather(*readings) == [None] * 100

    asyncio.run(use_threads_while_reading())


def test_reading_the_state_writes_nothing(store, ledger):
    delivered(ledger, "15", Outcome(200, "done", True))
    before = {key: store.get(key) for key in list(store._records)}

    get_state(store)

    assert store._records == before
