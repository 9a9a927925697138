"""The changes in Commerce that a soak of the outbound direction is about; pure.

Each change of a resource is newer than the one before, by ``updated_at`` where Commerce
sends it, else by the event time. Both lie in the past, since a time after publishing
counts as the time of publishing.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.soak.check import Accepted
from functions.timestamps import timestamp

PRODUCTS, CUSTOMERS, GROUPS, ORDERS, STOCK_ITEMS = 12, 10, 4, 10, 8
DELETED_SHARE = 0.1
INVALID_SHARE = 0.03
MAX_LATENCY_SECONDS = 0.9  # from a change to its event: less than between two changes
UNWANTED = "unwanted"  # the third party rejects what has this name


@dataclass(frozen=True)
class Change:
    """One event of Commerce.

    Attributes:
        uid: Adobe's event id, and the tag that its webhook leaves.
        source: of the event, as in ``observer.customer_save_commit_after``.
        resource: the ordering key.
        time: event time.
        version: of all changes; text order is the order of the changes.
        invalid: the third party is right to reject it.
    """

    uid: str
    source: str
    value: dict[str, Any]
    resource: str
    time: str
    version: str
    invalid: bool

    @property
    def accepted(self) -> Accepted:
        """What the check must know of it."""
        return Accepted(
            self.uid,
            {self.resource: self.uid},
            newest_wins=True,
            time=self.version,
            invalid=self.invalid,
        )


def changes(count: int, rng: random.Random) -> Iterator[Change]:
    """*count* changes, a second apart."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1, seconds=count)
    existing: set[str] = set()
    for number in range(count):
        saved_at = start + timedelta(seconds=number)
        invalid = rng.random() < INVALID_SHARE
        name = UNWANTED if invalid else f"Name {number}"
        source, value, resource = _change(rng, name, existing)
        if "_save_" in source:
            existing.add(resource)
        else:
            existing.discard(resource)
        if not source.startswith(("observer.cataloginventory", "observer.customer_gr")):
            value["updated_at"] = saved_at.strftime("%Y-%m-%d %H:%M:%S")
        latency = timedelta(seconds=rng.uniform(0, MAX_LATENCY_SECONDS))
        yield Change(
            f"soak-{number}",
            source,
            value,
            resource,
            timestamp(saved_at + latency),
            f"{number:09}",
            invalid,
        )


def _change(
    rng: random.Random, name: str, existing: set[str]
) -> tuple[str, dict[str, Any], str]:
    """Source, value and resource; a delete only of what exists."""
    kind = rng.choice(
        ("catalog_product", "customer", "customer_group", "order", "stock")
    )
    match kind:
        case "catalog_product":
            number = rng.randrange(PRODUCTS)
            value = {"id": number, "sku": f"SOAK-{number}", "name": name}
            resource = f"outbound-product:soak-{number}"
        case "customer":
            number = rng.randrange(CUSTOMERS)
            value = {"id": str(number), "name": name}
            resource = f"outbound-customer:{number}"
        case "customer_group":
            number = rng.randrange(GROUPS)
            value = {"customer_group_id": str(number), "name": name}
            resource = f"outbound-customer-group:{number}"
        case "order":
            number = rng.randrange(ORDERS)
            value = {"id": number, "name": name}
            return (
                "observer.sales_order_save_commit_after",
                value,
                f"outbound-order:{number}",
            )
        case _:
            number = rng.randrange(STOCK_ITEMS)
            value = {"product_id": number, "name": name}
            source = "observer.cataloginventory_stock_item_save_commit_after"
            return source, value, f"outbound-stock:{number}"
    deleted = resource in existing and rng.random() < DELETED_SHARE
    verb = "delete" if deleted else "save"
    if kind == "catalog_product" and verb == "save":
        value["_isNew"] = resource not in existing
    return f"observer.{kind}_{verb}_commit_after", value, resource
