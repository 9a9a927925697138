"""The events that a soak's clients send; pure.

Every event leaves a unique tag (its uid, or a quantity that no other event has), so
that the stand-in's journal shows which event changed a resource; see ``effects``.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

PRODUCTS, SKUS, ORDERS = 12, 6, 6  # of each client
SHARED_SKUS = 12  # whose stock all clients set, several at once
SEEDED_CUSTOMERS = 14  # customer 15 shares its address with the samples
SEEDED_GROUPS = 3
DELETED = (*(("customer", number) for number in range(16, 21)), ("customer_group", 19))
SEEDED_ORDER, SEEDED_SHIPMENT, SEEDED_ITEM = 8, 33, 19
SOURCES = ("default", "second")


@dataclass(frozen=True)
class Planned:
    """An event to post.

    Attributes:
        effects: by resource, the tag that it leaves there.
        idempotent: see ``check.Accepted``.
        newest_wins: see ``check.Accepted``.
        invalid: Commerce rejects it.
    """

    uid: str
    event: str
    value: Any
    effects: dict[str, str]
    idempotent: bool = True
    newest_wins: bool = False
    invalid: bool = False


class Client:
    """One sender. Only stock is changed by several clients.

    Args:
        number: from 0.
        clients: how many there are.
        rng: of this client alone.
    """

    def __init__(self, number: int, clients: int, rng: random.Random) -> None:
        self.number = number
        self._clients = clients
        self._rng = rng
        self._count = 0
        self._products: dict[int, int] = {}  # by slot, how many SKUs were deleted there
        self._created: set[str] = set()
        self._customers = self._share(range(1, SEEDED_CUSTOMERS + 1))
        self._groups = self._share(range(1, SEEDED_GROUPS + 1))
        # Orders with even ids are paid, and can be shipped.
        self._orders = self._share(range(20, 20 + 2 * ORDERS * clients, 2))
        self._kinds = [
            (30, self._product),
            (20, self._order),
            (10, self._shipment),
            (15, self._stock),
            (10, self._shared_stock),
            (5, self._new_customer),
            (5, self._new_group),
            (5, self._invalid),
            (1, self._deleted),
        ]
        self._deletable = list(DELETED)[number::clients]
        if number == 0:
            self._kinds.append((3, self._changed_shipment))
        if self._customers:
            self._kinds.append((5, self._customer))
        if self._groups:
            self._kinds.append((3, self._group))

    def events(self, count: int) -> Iterator[Planned]:
        """*count* events, in the order to post them."""
        weights, kinds = zip(*self._kinds, strict=True)
        for kind in self._rng.choices(kinds, weights, k=count):
            self._count += 1
            yield kind(f"soak-{self.number}-{self._count}")

    def _share(self, ids: range) -> list[int]:
        return list(ids)[self.number :: self._clients]

    def _quantity(self) -> int:
        """A number that no other event has."""
        return self._count * self._clients + self.number

    def _product(self, uid: str) -> Planned:
        slot = self._rng.randrange(PRODUCTS)
        sku = f"SOAK-{self.number}-{slot}-{self._products.setdefault(slot, 0)}"
        resource = f"product:{sku}"
        name, value = "catalog_product_update", {"sku": sku}
        if resource not in self._created:
            self._created.add(resource)
            name = "catalog_product_create"
        elif self._rng.random() < 0.1:
            self._products[slot] += 1  # the next product there has another SKU
            return _planned(uid, "catalog_product_delete", value, {resource: "deleted"})
        value |= {"name": uid, "price": 1 + self._count, "description": "Soaked"}
        return _planned(uid, name, value, {resource: uid})

    def _order(self, uid: str) -> Planned:
        order = self._rng.choice(self._orders)
        value = {"id": order, "status": uid}
        effects = {f"order:{order}": uid}
        return _planned(
            uid, "sales_order_status_update", value, effects, idempotent=False
        )

    def _shipment(self, uid: str) -> Planned:
        order = self._rng.choice(self._orders)
        track = {"trackNumber": uid, "title": "Parcel", "carrierCode": "custom"}
        value = {
            "orderId": order,
            "items": [{"orderItemId": order, "qty": 1}],
            "tracks": [track],
            "comment": {"comment": "Soaked", "visibleOnFront": False},
            "stockSourceCode": "default",
        }
        effects = {f"order:{order}": uid}
        return _planned(
            uid, "sales_order_shipment_create", value, effects, idempotent=False
        )

    def _changed_shipment(self, uid: str) -> Planned:
        item = {"entityId": SEEDED_ITEM}
        track = {"trackNumber": uid, "title": "Parcel", "carrierCode": "custom"}
        comment = {"comment": uid, "notifyCustomer": False, "visibleOnFront": False}
        value = {
            "id": SEEDED_SHIPMENT,
            "orderId": SEEDED_ORDER,
            "items": [{**item, "orderItemId": SEEDED_ORDER, "qty": 1}],
            "tracks": [item | track],
            "comments": [item | comment],
            "stockSourceCode": "default",
        }
        effects = {f"order:{SEEDED_ORDER}": uid}
        return _planned(uid, "sales_order_shipment_update", value, effects)

    def _deleted(self, uid: str) -> Planned:
        if not self._deletable:
            return self._product(uid)
        kind, number = self._deletable.pop()
        effects = {f"{kind.replace('_', '-')}:{number}": "deleted"}
        return _planned(uid, f"{kind}_delete", {"id": number}, effects)

    def _stock(self, uid: str) -> Planned:
        sku = f"SOAK-{self.number}-S{self._rng.randrange(SKUS)}"
        return self._levels(uid, [(sku, self._rng.choice(SOURCES))])

    def _shared_stock(self, uid: str) -> Planned:
        rows = [(f"SOAK-{n}", s) for n in range(SHARED_SKUS) for s in SOURCES]
        chosen = self._rng.sample(rows, self._rng.randint(3, 8))
        return self._levels(uid, chosen, newest_wins=True)

    def _levels(
        self, uid: str, rows: list[tuple[str, str]], **attributes: bool
    ) -> Planned:
        quantity = self._quantity()
        value = [
            {"sku": sku, "source": source, "quantity": quantity, "outOfStock": False}
            for sku, source in rows
        ]
        effects = {f"stock:{sku}@{source}": str(quantity) for sku, source in rows}
        return _planned(uid, "catalog_stock_update", value, effects, **attributes)

    def _new_customer(self, uid: str) -> Planned:
        email = f"{uid}@example.com"
        value = {"name": "Soaked", "lastname": uid, "email": email}
        effects = {f"customer:{email}": uid}
        return _planned(uid, "customer_create", value, effects, idempotent=False)

    def _customer(self, uid: str) -> Planned:
        number = self._rng.choice(self._customers)
        email = f"customer-{number}@example.com"
        value = {"id": number, "name": "Soaked", "lastname": uid, "email": email}
        return _planned(uid, "customer_update", value, {f"customer:{number}": uid})

    def _new_group(self, uid: str) -> Planned:
        value = {"name": uid, "taxClassId": 3}
        effects = {f"customer-group:{uid}": uid}
        return _planned(uid, "customer_group_create", value, effects, idempotent=False)

    def _group(self, uid: str) -> Planned:
        number = self._rng.choice(self._groups)
        value = {"id": number, "name": uid, "taxClassId": 3}
        effects = {f"customer-group:{number}": uid}
        return _planned(uid, "customer_group_update", value, effects)

    def _invalid(self, uid: str) -> Planned:
        """An unknown id, a source with a space, or more items than were ordered."""
        unknown_id = 900_000 + self._count
        order = self._rng.choice(self._orders)
        row = {"sku": uid, "source": "no source", "quantity": 1, "outOfStock": False}
        email = f"{uid}@example.com"
        customer = {"id": unknown_id, "name": "a", "lastname": uid, "email": email}
        shipment = {
            "orderId": order,
            "items": [{"orderItemId": order, "qty": 10**6}],
            "tracks": [],
            "comment": {"comment": "Soaked", "visibleOnFront": False},
            "stockSourceCode": "default",
        }
        name, value, resource = self._rng.choice(
            [
                ("customer_update", customer, f"customer:{unknown_id}"),
                (
                    "sales_order_status_update",
                    {"id": unknown_id, "status": uid},
                    f"order:{unknown_id}",
                ),
                ("sales_order_shipment_create", shipment, f"order:{order}"),
                ("catalog_stock_update", [row], f"stock:{uid}@no source"),
            ]
        )
        return _planned(uid, name, value, {resource: uid}, invalid=True)


def _planned(
    uid: str, name: str, value: Any, effects: dict[str, str], **attributes: bool
) -> Planned:
    return Planned(uid, f"be-observer.{name}", value, effects, **attributes)
