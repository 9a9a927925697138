"""What happens to one thing happens in order, and holds nothing else up.

A whole stack: ingest, broker, a consumer process, SQLite ledger, stand-in; and Commerce
fails. What took effect is read from the stand-in's journal.
"""

import itertools

import grpc
import pytest

from functions.events import catalog
from functions.events.message import message
from local.broker import pubsub_pb2
from tests.running import RunningStack
from tests.support.stand_in_control import StandInControl

CREATED = "be-observer.catalog_product_create"
UPDATED = "be-observer.catalog_product_update"
COMMENTED = "be-observer.sales_order_status_update"
STOCK = "be-observer.catalog_stock_update"


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with RunningStack(tmp_path_factory.mktemp("ordering")) as running:
        yield running


@pytest.fixture
def shop(stack):
    """The stand-in, which is well again after each test."""
    control = StandInControl(stack.stack["commerce"])
    yield control
    control.recover()


def product(sku: str, name: str) -> dict:
    return {"sku": sku, "name": name, "price": 1, "description": "d"}


def names(shop: StandInControl, sku: str) -> list[str]:
    """The names that a product was given, the same one again counted once."""
    given = [
        effect["body"]["product"]["name"]
        for effect in shop.effects()
        if effect["resource"] == sku
    ]
    return [name for name, _ in itertools.groupby(given)]


def refused(shop: StandInControl, path: str) -> int:
    """How many calls to *path* were answered 503."""
    return sum(
        call["path"].endswith(path) and call["status"] == 503 for call in shop.calls()
    )


def test_a_product_goes_through_its_states_in_order(stack, shop):
    """The second of seven fails until told otherwise; then its answers are lost."""
    stack.post(CREATED, product("ORDER-A", "a-0"), "a-0")
    stack.post(CREATED, product("ORDER-B", "b-0"), "b-0")
    stack.outcome("a-0")
    fault = shop.fail(path="products/ORDER-A$", method="PUT", status=503, times=None)
    for number in range(1, 7):
        for sku in "ab":
            name = f"{sku}-{number}"
            event = product(f"ORDER-{sku.upper()}", name)
            assert stack.post(UPDATED, event, name).status_code == 200

    # The other one is done with while this one is being retried.
    for number in range(1, 7):
        stack.outcome(f"b-{number}")
    stack.wait_for(lambda: refused(shop, "products/ORDER-A") >= 3)
    assert names(shop, "ORDER-A") == ["a-0"]
    assert names(shop, "ORDER-B") == [f"b-{number}" for number in range(7)]

    shop.fail(path="products/ORDER-A$", method="PUT", status=500, times=2, after=True)
    shop.fail(path="products/ORDER-A$", method="PUT", drop="after", times=1)
    shop.recover(fault)
    for number in range(1, 7):
        stack.outcome(f"a-{number}")
    assert names(shop, "ORDER-A") == [f"a-{number}" for number in range(7)]


def test_an_orders_comments_stand_in_order_and_once_each(stack, shop):
    """Answers are lost after the comment was made, and before."""
    fault = shop.fail(path="orders/31/comments$", method="POST", status=503, times=None)
    for number in range(5):
        for order in (31, 32):
            value = {"id": order, "status": f"step-{order}-{number}"}
            uid = f"comment-{order}-{number}"
            assert stack.post(COMMENTED, value, uid).status_code == 200

    for number in range(5):
        stack.outcome(f"comment-32-{number}")
    stack.wait_for(lambda: refused(shop, "orders/31/comments") >= 2)
    shop.fail(path="orders/31/comments$", method="POST", drop="after", times=1)
    shop.fail(path="orders/31/comments$", method="POST", status=502, after=True)
    shop.fail(path="orders/31/comments$", method="POST", drop="before", times=1)
    shop.recover(fault)
    for number in range(5):
        stack.outcome(f"comment-31-{number}")

    effects = shop.effects()
    for order in (31, 32):
        made = [
            effect["body"]["statusHistory"]["comment"]
            for effect in effects
            if effect["operation"] == "order.commented"
            and effect["resource"] == str(order)
        ]
        assert made == [
            f"Order status changed to step-{order}-{number}" for number in range(5)
        ]


def row(sku: str, quantity: int, source: str = "default") -> dict:
    return {"sku": sku, "source": source, "quantity": quantity, "outOfStock": False}


def publish_stock(stack: RunningStack, uid: str, second: int, *rows: dict) -> None:
    """Publish an event as ingest does that got it in that *second*."""
    time = f"2026-01-01T00:00:{second:02d}.000000Z"
    made = message(catalog.find(STOCK), uid, list(rows), "/ingest/erp", time, None)
    sent = pubsub_pb2.PubsubMessage(
        data=made.data, attributes=made.attributes, ordering_key=made.ordering_key
    )
    topic = f"projects/{stack.stack['project']}/topics/commerce-stock"
    with grpc.insecure_channel(stack.stack["broker"]) as channel:
        channel.unary_unary(
            "/google.pubsub.v1.Publisher/Publish",
            request_serializer=pubsub_pb2.PublishRequest.SerializeToString,
            response_deserializer=pubsub_pb2.PublishResponse.FromString,
        )(pubsub_pb2.PublishRequest(topic=topic, messages=[sent]), timeout=20)


def levels(shop: StandInControl, of: str) -> dict[str, float]:
    """What the SKUs that begin with *of* came to, by SKU and source."""
    return {
        effect["resource"].removeprefix(of): effect["details"]["quantity"]
        for effect in shop.effects()
        if effect["operation"] == "stock.set" and effect["resource"].startswith(of)
    }


def test_of_several_skus_the_newest_level_wins_whatever_comes_first(stack, shop):
    """Four events, one of them of a single SKU, arrive in each order there is."""
    orders = list(itertools.permutations((1, 2, 3, 4)))
    for place in range(4):
        for order in orders:
            of, second = "STOCK-{}-{}-{}-{}-".format(*order), order[place]
            rows = {
                1: (row(of + "A", 1), row(of + "B", 1), row(of + "E", 1)),
                2: (row(of + "B", 2), row(of + "C", 2), row(of + "A", 2, "second")),
                3: (row(of + "A", 3), row(of + "D", 3), row(of + "C", 3, "second")),
                4: (row(of + "C", 4),),
            }
            publish_stock(stack, f"{of}{second}", second, *rows[second])
        # Those that came are done with before the next ones come.
        for order in orders:
            stack.outcome("STOCK-{}-{}-{}-{}-".format(*order) + str(order[place]))

    for order in orders:
        assert levels(shop, "STOCK-{}-{}-{}-{}-".format(*order)) == {
            "A@default": 3,
            "A@second": 2,
            "B@default": 2,
            "C@default": 4,
            "C@second": 3,
            "D@default": 3,
            "E@default": 1,
        }, order


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"status": 503}, id="no effect"),
        pytest.param({"status": 500, "after": True}, id="answer lost"),
        pytest.param({"drop": "after"}, id="connection lost"),
    ],
)
def test_the_newest_level_wins_while_all_are_being_retried(stack, shop, fault):
    of = f"RETRIED-{''.join(map(str, fault.values()))}-"
    route = "inventory/source-items$"
    shop.fail(path=route, times=3, **fault)
    for second in (3, 1, 4, 2):
        rows = (row(of + "A", second), row(of + f"B{second}", second))
        publish_stock(stack, f"{of}{second}", second, *rows)
    for second in (3, 1, 4, 2):
        stack.outcome(f"{of}{second}", seconds=60)

    applied = levels(shop, of)
    assert applied.pop("A@default") == 4
    assert applied == {f"B{second}@default": second for second in (1, 2, 3, 4)}
