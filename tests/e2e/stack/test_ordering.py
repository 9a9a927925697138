"""Events of one resource are applied in order, and hold no other resource up.

Meanwhile Commerce fails. The effects are read from the stand-in's journal.
"""

import itertools

import grpc
import pytest

from functions.events import catalog
from functions.events.message import message
from local.broker import pubsub_pb2
from tests.support.running import RunningStack
from tests.support.stand_in_control import StandInControl

CREATED = "be-observer.catalog_product_create"
UPDATED = "be-observer.catalog_product_update"
COMMENTED = "be-observer.sales_order_status_update"
STOCK = "be-observer.catalog_stock_update"


def product(sku: str, name: str) -> dict:
    return {"sku": sku, "name": name, "price": 1, "description": "d"}


def names(commerce: StandInControl, sku: str) -> list[str]:
    """The names that a product had; the same name again at once counts once."""
    all_names = [
        effect["body"]["product"]["name"]
        for effect in commerce.effects()
        if effect["resource"] == sku
    ]
    return [name for name, _ in itertools.groupby(all_names)]


def failures(commerce: StandInControl, path: str) -> int:
    """How many calls to *path* were answered 503."""
    return sum(
        call["path"].endswith(path) and call["status"] == 503
        for call in commerce.calls()
    )


def test_a_products_states_are_applied_in_order(stack, commerce):
    """The second of seven fails until switched off; then its responses are lost."""
    stack.post(CREATED, product("ORDER-A", "a-0"), "a-0")
    stack.post(CREATED, product("ORDER-B", "b-0"), "b-0")
    stack.outcome("a-0")
    fault = commerce.fail(
        path="products/ORDER-A$", method="PUT", status=503, times=None
    )
    for number in range(1, 7):
        for sku in "ab":
            name = f"{sku}-{number}"
            event = product(f"ORDER-{sku.upper()}", name)
            assert stack.post(UPDATED, event, name).status_code == 200

    # The other product is finished while this one is being retried.
    for number in range(1, 7):
        stack.outcome(f"b-{number}")
    stack.wait_for(lambda: failures(commerce, "products/ORDER-A") >= 3)
    assert names(commerce, "ORDER-A") == ["a-0"]
    assert names(commerce, "ORDER-B") == [f"b-{number}" for number in range(7)]

    commerce.fail(
        path="products/ORDER-A$", method="PUT", status=500, times=2, after=True
    )
    commerce.fail(path="products/ORDER-A$", method="PUT", drop="after", times=1)
    commerce.recover(fault)
    for number in range(1, 7):
        stack.outcome(f"a-{number}")
    assert names(commerce, "ORDER-A") == [f"a-{number}" for number in range(7)]


def test_an_orders_comments_are_in_order_and_once_each(stack, commerce):
    """Responses are lost after the comment was created, and before."""
    fault = commerce.fail(
        path="orders/31/comments$", method="POST", status=503, times=None
    )
    for number in range(5):
        for order in (31, 32):
            value = {"id": order, "status": f"step-{order}-{number}"}
            uid = f"comment-{order}-{number}"
            assert stack.post(COMMENTED, value, uid).status_code == 200

    for number in range(5):
        stack.outcome(f"comment-32-{number}")
    stack.wait_for(lambda: failures(commerce, "orders/31/comments") >= 2)
    commerce.fail(path="orders/31/comments$", method="POST", drop="after", times=1)
    commerce.fail(path="orders/31/comments$", method="POST", status=502, after=True)
    commerce.fail(path="orders/31/comments$", method="POST", drop="before", times=1)
    commerce.recover(fault)
    for number in range(5):
        stack.outcome(f"comment-31-{number}")

    effects = commerce.effects()
    for order in (31, 32):
        comments = [
            effect["body"]["statusHistory"]["comment"]
            for effect in effects
            if effect["operation"] == "order.commented"
            and effect["resource"] == str(order)
        ]
        assert comments == [
            f"Order status changed to step-{order}-{number}" for number in range(5)
        ]


def row(sku: str, quantity: int, source: str = "default") -> dict:
    return {"sku": sku, "source": source, "quantity": quantity, "outOfStock": False}


def publish_stock(stack: RunningStack, uid: str, second: int, *rows: dict) -> None:
    """Publish an event as ingest does that received it in that *second*."""
    time = f"2026-01-01T00:00:{second:02d}.000000Z"
    event = message(catalog.find(STOCK), uid, list(rows), "/ingest/erp", time, None)
    published = pubsub_pb2.PubsubMessage(
        data=event.data, attributes=event.attributes, ordering_key=event.ordering_key
    )
    topic = f"projects/{stack.stack['project']}/topics/commerce-stock"
    with grpc.insecure_channel(stack.stack["broker"]) as channel:
        channel.unary_unary(
            "/google.pubsub.v1.Publisher/Publish",
            request_serializer=pubsub_pb2.PublishRequest.SerializeToString,
            response_deserializer=pubsub_pb2.PublishResponse.FromString,
        )(pubsub_pb2.PublishRequest(topic=topic, messages=[published]), timeout=20)


def levels(commerce: StandInControl, prefix: str) -> dict[str, float]:
    """The quantities of the SKUs that begin with *prefix*, by SKU and source."""
    return {
        effect["resource"].removeprefix(prefix): effect["details"]["quantity"]
        for effect in commerce.effects()
        if effect["operation"] == "stock.set" and effect["resource"].startswith(prefix)
    }


def test_the_newest_stock_level_wins_in_any_order(stack, commerce):
    """Four events, one of them of a single SKU, arrive in each order there is."""
    orders = list(itertools.permutations((1, 2, 3, 4)))
    for position in range(4):
        for order in orders:
            prefix, second = "STOCK-{}-{}-{}-{}-".format(*order), order[position]
            rows = {
                1: (row(prefix + "A", 1), row(prefix + "B", 1), row(prefix + "E", 1)),
                2: (
                    row(prefix + "B", 2),
                    row(prefix + "C", 2),
                    row(prefix + "A", 2, "second"),
                ),
                3: (
                    row(prefix + "A", 3),
                    row(prefix + "D", 3),
                    row(prefix + "C", 3, "second"),
                ),
                4: (row(prefix + "C", 4),),
            }
            publish_stock(stack, f"{prefix}{second}", second, *rows[second])
        # The published events are finished before the next ones are published.
        for order in orders:
            stack.outcome("STOCK-{}-{}-{}-{}-".format(*order) + str(order[position]))

    for order in orders:
        assert levels(commerce, "STOCK-{}-{}-{}-{}-".format(*order)) == {
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
        pytest.param({"status": 500, "after": True}, id="response lost"),
        pytest.param({"drop": "after"}, id="connection lost"),
    ],
)
def test_the_newest_level_wins_while_all_are_retried(stack, commerce, fault):
    prefix = f"RETRIED-{''.join(map(str, fault.values()))}-"
    route = "inventory/source-items$"
    commerce.fail(path=route, times=3, **fault)
    for second in (3, 1, 4, 2):
        rows = (row(prefix + "A", second), row(prefix + f"B{second}", second))
        publish_stock(stack, f"{prefix}{second}", second, *rows)
    for second in (3, 1, 4, 2):
        stack.outcome(f"{prefix}{second}", seconds=60)

    applied = levels(commerce, prefix)
    assert applied.pop("A@default") == 4
    assert applied == {f"B{second}@default": second for second in (1, 2, 3, 4)}
