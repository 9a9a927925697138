"""A consumer is killed at each point of its work; what it was at takes effect once.

Real processes under functions-framework with one SQLite ledger, and the stand-in behind
a gate, which holds calls up until it is known where everything stands. Four consumers
are killed, each at another point and amid one event of each kind; one more is then
delivered all of it again, until the leases of the dead have run out.
"""

import asyncio
import json
import sqlite3
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from bench.soak.parts import Program
from functions.ledger import rules
from tests.commerce.server import Received, Server, answer
from tests.consumer.parts import push
from tests.running import free_port
from tests.support.running_stand_in import RunningStandIn

BEFORE = "before the call"
LOST = "amid the call, of which nothing came"
APPLIED = "amid the call, which took effect"
AFTER = "after the call and before the record"
POINTS = (BEFORE, LOST, APPLIED, AFTER)
PRODUCTS = (
    "STANDIN-LAMP",
    "STANDIN-CHAIR",
    "STANDIN-TABLE",
    "b7757d8a-3f3a-4ffd-932a-28cb07debef6",
)
CALL_SECONDS = 10  # a lease is ten more
WAIT_SECONDS = 60


def events(point: str) -> dict[str, object]:
    """One value of each kind of event, about things that no other point touches."""
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
# What Commerce's journal calls it, whether it may be set to the same again, and a text
# of its value that is in no other's.
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
RECORDS = "SELECT record FROM ledger"


def wait_for(condition) -> None:
    """Wait until *condition()* is true."""
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


class Gate(Server):
    """Before the stand-in: passes on what is asked, or holds it up at a point."""

    def __init__(self, shop: RunningStandIn) -> None:
        super().__init__(self._passed)
        self._shop = shop
        self.stop_at("")

    def stop_at(self, point: str) -> None:
        """From now on hold up calls at *point*; "": none."""
        self._point = point
        self.held = 0
        self.opened = threading.Event()

    def _passed(self, request: Received) -> bytes | None:
        point, opened = self._point, self.opened
        if point == BEFORE:
            # Amid the sign-in, which comes between the claim and the first call.
            self._hold(opened)
            return None
        if request.method == "GET" or not point:
            return self._forward(request)
        said = self._forward(request) if point in (APPLIED, AFTER) else None
        self._hold(opened)
        return said if point == AFTER else None

    def _hold(self, opened: threading.Event) -> None:
        with self._lock:
            self.held += 1
        opened.wait(WAIT_SECONDS)

    def _forward(self, request: Received) -> bytes:
        said = self._shop.send(
            request.method, request.target, request.headers, request.content
        )
        return answer(said.status, said.document)


@dataclass
class Scene:
    """Everything that takes part.

    Attributes:
        answers: status and body, by point and kind, of the delivery that was answered.
        fates: of the deliveries to those that were killed.
        recorded: states that the ledger had after each kill.
    """

    folder: Path
    shop: RunningStandIn
    gate: Gate

    def __post_init__(self) -> None:
        self.ledger = self.folder / "ledger.sqlite"
        self.answers: dict[tuple[str, str], tuple[int, dict]] = {}
        self.fates: dict[str, list] = {}
        self.recorded: dict[str, list[str]] = {}

    def consumer(self, name: str, sign_in: str) -> Program:
        """A consumer of its own; not started."""
        port = free_port()
        command = [
            str(Path(sys.executable).with_name("functions-framework")),
            *("--source", "functions/consumer/main.py", "--target", "consumer"),
            *("--host", "127.0.0.1", "--port", str(port)),
        ]
        environment = {
            "GOOGLE_CLOUD_PROJECT": "p",
            "LEDGER": f"sqlite:{self.ledger}",
            "COMMERCE_TIMEOUT_SECONDS": str(CALL_SECONDS),
            "COMMERCE_CONCURRENCY": str(len(KINDS)),
            "THREADS": str(2 * len(KINDS)),
            **self.shop.stand_in.environment(self.gate.url, sign_in=sign_in),
        }
        return Program(name, command, port, environment, self.folder / f"{name}.log")

    def under_way(self) -> list[str]:
        """States of what is not finished; "under way" as long as no lease ran out."""
        if not self.ledger.exists():
            return []
        with closing(sqlite3.connect(self.ledger)) as db:
            found = [json.loads(row) for (row,) in db.execute(RECORDS)]
        entries = [e for record in found for e in record.get("open", {}).values()]
        return [rules.state(entry, now=0) for entry in entries]

    def answered_calls(self, consumer: Program) -> int:
        """How many changes *consumer* knows to be made."""
        said = (self.folder / f"{consumer.name}.log").read_text()
        lines = [json.loads(x) for x in said.splitlines() if x.startswith("{")]
        return sum(
            line.get("stage") == "call" and not line["message"].startswith("GET")
            for line in lines
        )


def delivery(point: str, kind: str) -> dict:
    """The push of an event; the same message each time."""
    name = f"{POINTS.index(point)}-{kind}"
    return push(events(point)[kind], f"be-observer.{kind}", name, f"m-{name}")


def deliver(consumer: Program, body: dict) -> requests.Response | str:
    """What *consumer* answers; ``killed`` where it does not."""
    try:
        return requests.post(consumer.url, json=body, timeout=WAIT_SECONDS)
    except requests.ConnectionError:
        return "killed"


@contextmanager
def locked(ledger: Path):
    """Nobody else writes to *ledger*."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield


def kill_at(point: str, scene: Scene) -> None:
    """Start a consumer, deliver to it one event of each kind, kill it at *point*."""
    gate, before = scene.gate, len(scene.under_way())
    # Only the sign-in by IMS asks somebody between the claim and the call.
    sign_in = "ims" if point == BEFORE else "oauth1"
    consumer = scene.consumer(f"killed-{POINTS.index(point)}", sign_in)
    gate.stop_at(point)
    asyncio.run(consumer.start())
    try:
        with ThreadPoolExecutor(len(KINDS)) as pool:
            fates = [
                pool.submit(deliver, consumer, delivery(point, kind)) for kind in KINDS
            ]
            if point == BEFORE:
                wait_for(lambda: gate.held == 1)
                wait_for(lambda: len(scene.under_way()) == before + len(KINDS))
            else:
                wait_for(lambda: gate.held == len(KINDS))
            if point == AFTER:
                with locked(scene.ledger):
                    gate.opened.set()
                    wait_for(lambda: scene.answered_calls(consumer) == len(KINDS))
                    consumer.kill()
            else:
                consumer.kill()
        scene.fates[point] = [fate.result() for fate in fates]
        scene.recorded[point] = scene.under_way()[before:]
    finally:
        gate.opened.set()
        consumer.stop()


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """All has happened."""
    with RunningStandIn() as shop, Gate(shop) as gate:
        scene = Scene(tmp_path_factory.mktemp("crash"), shop, gate)
        for point in POINTS:
            kill_at(point, scene)
        gate.stop_at("")
        successor = scene.consumer("successor", "oauth1")
        asyncio.run(successor.start())
        try:
            left = [(point, kind) for point in POINTS for kind in KINDS]
            end = time.monotonic() + WAIT_SECONDS
            while left and time.monotonic() < end:
                for point, kind in list(left):
                    said = deliver(successor, delivery(point, kind))
                    scene.answers[point, kind] = said.status_code, said.json()
                    if said.status_code == 200:
                        left.remove((point, kind))
                time.sleep(0.5)
        finally:
            successor.stop()
        yield scene


@pytest.mark.parametrize("point", POINTS)
def test_the_killed_answered_and_recorded_nothing(scene, point):
    assert scene.fates[point] == ["killed"] * len(KINDS)
    assert scene.recorded[point] == ["under way"] * len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("point", POINTS)
def test_its_redelivery_handles_it(scene, point, kind):
    status, told = scene.answers[point, kind]

    assert (status, told.get("response", {}).get("success")) == (200, True), told


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("point", POINTS)
def test_it_took_effect_once(scene, point, kind):
    operation, repeatable, told_by = EFFECTS[kind]
    mark = told_by(events(point)[kind])
    bodies = [
        body
        for effect in scene.shop.effects()
        if effect["operation"] == operation
        and mark in (body := json.dumps(effect["body"]))
    ]

    assert len(bodies) == 1 or (repeatable and bodies == bodies[:1] * 2)


@pytest.mark.parametrize(
    ("point", "times"), [(BEFORE, 1), (LOST, 2), (APPLIED, 1), (AFTER, 1)]
)
def test_what_cannot_be_repeated_is_sent_again_only_where_nothing_came_of_it(
    scene, point, times
):
    values = events(point)
    order = values["sales_order_status_update"]["id"]
    shipped = values["sales_order_shipment_create"]["orderId"]
    sent = Counter(
        one.target.partition("/V1/")[2]
        for one in scene.gate.received
        if one.method == "POST"
    )

    assert sent[f"orders/{order}/comments"] == times
    assert sent[f"order/{shipped}/ship"] == times
