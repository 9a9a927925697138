"""``GET /events/<uid>``: a caller asks what became of its event."""

import asyncio
import base64
import json
import threading

import pytest
from jsonschema import Draft202012Validator
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from docs.generate import openapi
from functions.ingest.ingest import Ingest
from functions.ingest.settings import IngestSettings
from functions.ingest.status import Status
from functions.ledger.decisions import Delivery, Outcome
from functions.ledger.ledger import Ledger, resource_hash, uid_hash
from functions.ledger.memory import MemoryStore
from functions.ledger.store import LedgerUnavailable
from functions.log import Log
from functions.settings import from_environment
from functions.tracing import Off
from tests.ingest.doors import signed

SECONDS = 30.0
EVENT = "be-observer.catalog_product_update"
KEY = bytes(range(32))
ERP, WMS = "erp-token-0123456789", "wms-token-0123456789"
LINES: list[bytes] = []  # what was logged
ENVIRONMENT = {
    "GOOGLE_CLOUD_PROJECT": "p",
    "INGEST_AUTH": "token",
    "INGEST_TOKENS": f"erp:{ERP},wms:{WMS}",
}


def client(store, ledger: str = "memory", **more: str) -> TestClient:
    """Ingest over *store*, without anything to publish to."""
    settings = from_environment(IngestSettings, {**ENVIRONMENT, **more})
    status = Status(ledger, "p", store) if ledger else None
    ingest = Ingest(settings, None, Log(write=LINES.append), Off(), status)
    methods = ["GET", "POST", "DELETE"]
    route = Route("/{path:path}", ingest.answer, methods=methods)
    return TestClient(Starlette(routes=[route]))


def ask(store, uid: str, token: str = ERP):
    headers = {"Authorization": f"Bearer {token}"}
    return client(store).get(f"/events/{uid}", headers=headers)


def delivered(ledger: Ledger, uid: str, outcome: Outcome | None, source="/ingest/erp"):
    """Have *uid* delivered once, with *outcome*."""
    delivery = Delivery(
        message_id=f"m-{uid}",
        uid=uid_hash(uid),
        resource=resource_hash("product:A"),
        event=EVENT,
        entity="product",
        content_hash="f",
        idempotent=True,
        time="2026-01-01T00:00:00.000000Z",
    )
    claim = ledger.acquire(source, uid, delivery)
    if outcome:
        assert ledger.complete(claim, outcome)


def as_described(answer) -> None:
    """The answer is one that the published document has."""
    document = openapi.document()
    described = document["paths"]["/events/{uid}"]["get"]["responses"]
    media = described[str(answer.status_code)]["content"]["application/json"]
    components = {"components": document["components"]}
    assert Draft202012Validator({**media["schema"], **components}).is_valid(
        answer.json()
    )


@pytest.fixture(autouse=True)
def fresh_log():
    LINES.clear()


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def ledger(store):
    return Ledger(store, 40, 35, clock=lambda: 1_700_000_000.0)


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        pytest.param(
            Outcome(200, "Product updated successfully", True),
            {"state": "handled", "message": "Product updated successfully"},
            id="handled",
        ),
        pytest.param(
            Outcome(400, "Bad price", True),
            {"state": "rejected", "message": "Bad price"},
            id="rejected",
        ),
        pytest.param(
            Outcome(503, "Commerce is away", False),
            {"state": "retrying", "message": "Commerce is away"},
            id="retrying",
        ),
    ],
)
def test_a_caller_learns_what_became_of_its_event(store, ledger, outcome, told):
    delivered(ledger, "erp/15 a", outcome)

    answer = ask(store, "erp%2F15%20a")

    at = "2023-11-14T22:13:20Z"
    assert answer.status_code == 200
    assert answer.json() == {"uid": "erp/15 a", "event": EVENT, **told, "at": at}
    as_described(answer)


def test_an_event_under_way_is_accepted(store):
    delivered(Ledger(store, 4e9, 35), "1", None)

    answer = ask(store, "1")

    assert answer.json()["state"] == "accepted"
    as_described(answer)


def test_an_unknown_uid_is_not_seen_yet(store):
    answer = ask(store, "nobody")

    assert (answer.status_code, answer.json()) == (404, {"error": "not seen yet"})
    as_described(answer)


def test_a_caller_sees_only_its_own(store, ledger):
    delivered(ledger, "15", Outcome(200, "done", True))

    assert ask(store, "15", WMS).status_code == 404
    assert ask(store, "15", ERP).status_code == 200


def test_nobody_asks_without_proof(store, ledger):
    delivered(ledger, "15", Outcome(200, "done", True))

    answer = client(store).get("/events/15")

    assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})


def test_who_signs_signs_an_empty_body(store, ledger):
    delivered(ledger, "15", Outcome(200, "done", True))
    key = "whsec_" + base64.b64encode(KEY).decode()
    given = {"INGEST_AUTH": "hmac", "INGEST_HMAC_SECRETS": f"erp:{key}"}

    told = {
        signer: client(store, **given).get("/events/15", headers=signed(KEY, body))
        for signer, body in (("right", b""), ("wrong", b"/events/15"))
    }

    assert {s: a.status_code for s, a in told.items()} == {"right": 200, "wrong": 401}


def test_without_a_ledger_there_is_no_such_page(store):
    answer = client(store, ledger="").get("/events/15")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_ledger_that_is_away_is_a_503_and_an_alarm():
    class Away:
        def get(self, key):
            raise LedgerUnavailable(f"SQLite: {key}")

    answer = ask(Away(), "15")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    as_described(answer)
    [line] = [line for line in map(json.loads, LINES) if line.get("alarm")]
    assert (line["severity"], line["status"]) == ("ERROR", 503)
    assert line["message"].startswith("LedgerUnavailable in ")
    assert "SQLite" not in line["message"]


def test_who_asks_of_a_slow_ledger_holds_up_nobody_who_posts():
    """ID tokens are verified in the event loop's own threads, of which it has few."""
    answered = threading.Event()

    class Slow:
        def get(self, key):
            answered.wait(SECONDS)

    status = Status("memory", "p", Slow())

    async def posting_while_asked() -> None:
        asking = [
            asyncio.create_task(status.of("/ingest/erp", "15", 0.0)) for _ in range(100)
        ]
        await asyncio.sleep(0)
        await asyncio.wait_for(asyncio.to_thread(answered.set), SECONDS / 2)
        assert await asyncio.gather(*asking) == [None] * 100

    asyncio.run(posting_while_asked())


def test_nothing_is_written(store, ledger):
    delivered(ledger, "15", Outcome(200, "done", True))
    before = {key: store.get(key) for key in list(store._records)}

    ask(store, "15")

    assert store._records == before
