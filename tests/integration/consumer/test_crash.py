"""A consumer is killed at each point of a delivery; each event takes effect once.

Two consumers run under functions-framework with one SQLite ledger, and the stand-in is
behind a gate that holds calls until every event is where it shall be. Both are killed;
then their leases expire, and all events are delivered again.
"""

import json
import sqlite3
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest
import requests

from functions.ledger import rules
from local.processes import Process, base_environment, free_port, function_program
from tests.support.commerce_server import RecordingServer, raw_response
from tests.support.consumer_kit import push
from tests.support.running_stand_in import RunningStandIn

BEFORE = "before the call"
LOST = "during the call, which was not applied"
APPLIED = "during the call, which was applied"
AFTER = "after the call and before the record"
POINTS = (BEFORE, LOST, APPLIED, AFTER)
PRODUCTS = (
    "STANDIN-LAMP",
    "STANDIN-CHAIR",
    "STANDIN-TABLE",
    "b7757d8a-3f3a-4ffd-932a-28cb07debef6",
)
WAIT_SECONDS = 30
SLOW_CALL_SECONDS = 60  # no call may time out while it is held


def events(point):
    """One value of each kind of event, about entities that no other point touches."""
    number = POINTS.index(point)
    sku, order, shipped = PRODUCTS[number], 10 + number, 20 + 2 * number
    return {
        "catalog_product_update": {
            "sku": sku,
            "name": point,
            "price": 7,
            "description": "d",
        },
        "catalog_stock_update": [
            {"sku": sku, "source": "default", "quantity": 7, "outOfStock": False}
        ],
        "sales_order_status_update": {"id": order, "status": point},
        "sales_order_shipment_create": {
            "orderId": shipped,
            "items": [{"orderItemId": shipped, "qty": 1}],
            "tracks": [],
            "comment": {"comment": point, "visibleOnFront": True},
            "stockSourceCode": "default",
        },
        "customer_create": {
            "name": "Ada",
            "lastname": "Bauer",
            "email": f"ada-{number}@example.com",
        },
        "customer_group_create": {"name": f"Group {number}", "taxClassId": 3},
    }


KINDS = tuple(events(BEFORE))
# The operation in the stand-in's journal, whether it may be written twice to the same
# effect, and a text of the value that no other point's value has.
EFFECTS = {
    "catalog_product_update": ("product.updated", True, lambda v: v["sku"]),
    "catalog_stock_update": ("stock.set", True, lambda v: v[0]["sku"]),
    "sales_order_status_update": ("order.commented", False, lambda v: v["status"]),
    "sales_order_shipment_create": (
        "shipment.created",
        False,
        lambda v: v["comment"]["comment"],
    ),
    "customer_create": ("customer.created", False, lambda v: v["email"]),
    "customer_group_create": ("customer_group.created", False, lambda v: v["name"]),
}


def wait_until(condition):
    """Wait until *condition()* is true."""
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, f"waited {WAIT_SECONDS} s"
        time.sleep(0.02)


class Gate(RecordingServer):
    """In front of the stand-in: passes calls on, or holds them at their point.

    A call's point is in its trace; a token request, which comes between lease and first
    call, is held for BEFORE.

    Attributes:
        opened: by point; while not set, calls are held there.
        held: by point, how many calls are.
    """

    def __init__(self, stand_in):
        super().__init__(self._pass_on)
        self._stand_in = stand_in
        self.opened = {point: threading.Event() for point in POINTS}
        self.held = Counter()

    def open(self):
        """Release and hold no more calls."""
        for opened in self.opened.values():
            opened.set()

    def _pass_on(self, request):
        trace = request.headers.get("traceparent")
        point = POINTS[int(trace[3:35], 16) - 1] if trace else BEFORE
        if request.method == "GET" or self.opened[point].is_set():
            return self._forward(request)
        applied = point in (APPLIED, AFTER)
        response = self._forward(request) if applied else None
        with self._lock:
            self.held[point] += 1
        self.opened[point].wait(WAIT_SECONDS)
        return response if point == AFTER else None

    def _forward(self, request):
        response = self._stand_in.send(
            request.method, request.target, request.headers, request.content
        )
        return raw_response(response.status, response.document)


def delivery(point, kind):
    """The push of an event; the same message each time."""
    number = POINTS.index(point)
    name = f"{number}-{kind}"
    body = push(events(point)[kind], f"be-observer.{kind}", name, f"m-{name}")
    trace = f"00-{number + 1:032x}-{'1' * 16}-01"
    body["message"]["attributes"]["traceparent"] = trace
    return body


def post(consumer, point, kind):
    """The status of a delivery; ``killed`` without a response."""
    try:
        body = delivery(point, kind)
        return requests.post(consumer.url, json=body, timeout=WAIT_SECONDS).status_code
    except requests.ConnectionError:
        return "killed"


class Scene:
    """Everything that takes part, after all has happened.

    Attributes:
        killed: responses of the killed consumers, by point.
        states: of the events after the kill.
        too_early: statuses of redeliveries before the leases expired.
        results: status and body of the redelivery, by point and kind.
    """

    def __init__(self, folder, stand_in, gate):
        self.stand_in, self.gate = stand_in, gate
        self._folder = folder
        self.ledger = folder / "ledger.sqlite"

    def environment(self, sign_in):
        return {
            "GOOGLE_CLOUD_PROJECT": "p",
            "LEDGER": f"sqlite:{self.ledger}",
            "LOG_LEVEL": "debug",
            "COMMERCE_TIMEOUT_SECONDS": str(SLOW_CALL_SECONDS),
            "COMMERCE_CONCURRENCY": str(len(POINTS) * len(KINDS)),
            "THREADS": str(len(POINTS) * len(KINDS)),
            **self.stand_in.stand_in.environment(self.gate.url, sign_in=sign_in),
        }

    def consumer(self, name, sign_in):
        """A consumer as a process, not started."""
        environment = {**base_environment(), **self.environment(sign_in)}
        main, log = "functions/consumer/main.py", self._folder / f"{name}.log"
        return Process(
            function_program(name, main, "consumer", free_port(), environment, log)
        )

    def records(self):
        if not self.ledger.exists():
            return {}
        with closing(sqlite3.connect(self.ledger)) as db:
            rows = db.execute("SELECT key, record FROM ledger")
            return {key: json.loads(record) for key, record in rows}

    def event_states(self):
        """The states of the events, before any lease expires."""
        entries = [
            e for r in self.records().values() for e in r.get("open", {}).values()
        ]
        return Counter(rules.state(entry, now=0) for entry in entries)

    def expire_leases(self):
        """As if the time of a lease had passed."""
        with closing(sqlite3.connect(self.ledger, isolation_level=None)) as db:
            for key, record in self.records().items():
                for entry in record.get("open", {}).values():
                    entry["lease_expires"] = 0
                if record.get("lease"):
                    record["lease"]["expires"] = 0
                text = json.dumps(record)
                db.execute("UPDATE ledger SET record = ? WHERE key = ?", (text, key))

    @contextmanager
    def ledger_locked(self):
        """No other process can write to the ledger."""
        with closing(sqlite3.connect(self.ledger, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            yield

    def kill_all(self):
        """Deliver one event of each kind for each point, and kill the consumers."""
        # A token request is the only call between the lease and the first call.
        consumers = [self.consumer("ims", "ims"), self.consumer("oauth1", "oauth1")]
        try:
            with ThreadPoolExecutor(len(consumers)) as pool:
                list(pool.map(Process.start, consumers))
            self._deliver_and_kill(*consumers)
        finally:
            self.gate.open()
            for consumer in consumers:
                consumer.kill()

    def _deliver_and_kill(self, ims, oauth1):
        with ThreadPoolExecutor(len(POINTS) * len(KINDS)) as pool:
            responses = {
                point: [
                    pool.submit(post, ims if point == BEFORE else oauth1, point, kind)
                    for kind in KINDS
                ]
                for point in POINTS
            }
            gate = self.gate
            expected = {BEFORE: 1, **dict.fromkeys(POINTS[1:], len(KINDS))}
            wait_until(lambda: gate.held == expected)
            total = len(POINTS) * len(KINDS)
            wait_until(lambda: self.event_states()["in flight"] == total)
            with self.ledger_locked():
                gate.opened[AFTER].set()
                wait_until(lambda: finished_calls(oauth1) == len(KINDS))
                oauth1.kill()
                ims.kill()
        self.killed = {
            point: [response.result() for response in submitted]
            for point, submitted in responses.items()
        }
        self.states = self.event_states()

    def redeliver(self, consumer):
        """Deliver all events to *consumer*, before and after the leases expire."""
        pairs = [(point, kind) for point in POINTS for kind in KINDS]

        def respond(point, kind):
            body = json.dumps(delivery(point, kind)).encode()
            status, result = consumer.respond(body, None)
            return status, result.body

        self.too_early = {respond(*pair)[0] for pair in pairs}
        self.expire_leases()
        self.results = {pair: respond(*pair) for pair in pairs}


def finished_calls(consumer):
    """How many changes the log of *consumer* has."""
    lines = [json.loads(x) for x in consumer.output().splitlines() if x.startswith("{")]
    return sum(
        line.get("stage") == "call" and not line["message"].startswith("GET")
        for line in lines
    )


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, RunningStandIn() as stand_in:
        with Gate(stand_in) as gate:
            scene = Scene(tmp_path_factory.mktemp("crash"), stand_in, gate)
            scene.kill_all()
            for name, value in scene.environment("oauth1").items():
                patch.setenv(name, value)
            from functions.consumer import main

            scene.redeliver(main.build(scene.environment("oauth1")))
            yield scene


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_consumer_does_not_answer(scene, point):
    assert scene.killed[point] == ["killed"] * len(KINDS)


def test_a_killed_consumer_records_no_outcome(scene):
    assert scene.states == {"in flight": len(POINTS) * len(KINDS)}


def test_a_redelivery_waits_for_the_lease(scene):
    assert scene.too_early == {503}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("point", POINTS)
def test_a_redelivery_handles_the_event(scene, point, kind):
    status, body = scene.results[point, kind]

    assert (status, body.get("response", {}).get("success")) == (200, True), body


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("point", POINTS)
def test_the_event_takes_effect_once(scene, point, kind):
    operation, repeatable, text_of = EFFECTS[kind]
    text = text_of(events(point)[kind])
    bodies = [
        body
        for effect in scene.stand_in.effects()
        if effect["operation"] == operation
        and text in (body := json.dumps(effect["body"]))
    ]

    assert len(bodies) == 1 or (repeatable and bodies == bodies[:1] * 2)


@pytest.mark.parametrize(
    ("point", "times"), [(BEFORE, 1), (LOST, 2), (APPLIED, 1), (AFTER, 1)]
)
def test_only_lost_non_idempotent_calls_are_repeated(scene, point, times):
    values = events(point)
    order = values["sales_order_status_update"]["id"]
    shipped = values["sales_order_shipment_create"]["orderId"]
    posted = Counter(
        request.target.partition("/V1/")[2]
        for request in scene.gate.received
        if request.method == "POST"
    )

    assert posted[f"orders/{order}/comments"] == times
    assert posted[f"order/{shipped}/ship"] == times
