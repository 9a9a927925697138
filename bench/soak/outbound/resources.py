"""The resources that both sides change, and what each side calls their fields.

Every change has a number of its own, and sets one field of each kind to a value that
tells the number: a product's name, a customer's first name, the code of a customer
group, the status of an order, the quantity of a stock item.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from local.commerce import admin, customer_group
from local.commerce.simulation import Simulation

FIRST_ORDER = 102  # even ones are being processed
STATUS = "step-{}"  # of an order; a merchant added them
LAST_NUMBER = re.compile(r"\d+$")


@dataclass(frozen=True, order=True)
class Resource:
    """One resource of ``kind``, by its number from 0."""

    kind: str
    number: int

    @property
    def sku(self) -> str:
        """Of a product and its stock."""
        return f"TWO-WAY-{self.number}"

    @property
    def email(self) -> str:
        """Of a customer."""
        return f"two-way-{self.number}@example.com"

    @property
    def order_id(self) -> int:
        """Of an order."""
        return FIRST_ORDER + 2 * self.number

    def code(self, change: int) -> str:
        """The code of a group with *change*."""
        return f"two-way {self.number} {change}"


KINDS = ("product", "customer", "customer-group", "order", "stock")
CREATED = KINDS[:3]  # by the third party, which then needs to learn the id


def resources(count: int) -> list[Resource]:
    """*count* of each kind, those that are created first."""
    return [Resource(kind, number) for kind in KINDS for number in range(count)]


def inbound_event(
    resource: Resource, change: int, entity_id: Any
) -> tuple[str, dict[str, Any] | list[dict[str, Any]]]:
    """Event type and value by which the third party posts *change*.

    Args:
        entity_id: of Commerce, once it is known; None to create the resource.
    """
    verb = "create" if entity_id is None else "update"
    known = {} if entity_id is None else {"id": int(entity_id)}
    match resource.kind:
        case "product":
            texts = {"name": f"Name {change}", "description": f"About {change}"}
            value = {"sku": resource.sku, "price": 1 + change % 997, **texts}
            return f"be-observer.catalog_product_{verb}", value
        case "customer":
            names = {"name": f"Name {change}", "lastname": "Doe"}
            value = {**known, "email": resource.email, **names}
            return f"be-observer.customer_{verb}", value
        case "customer-group":
            value = {**known, "name": resource.code(change), "taxClassId": 3}
            return f"be-observer.customer_group_{verb}", value
        case "order":
            value = {"id": resource.order_id, "status": STATUS.format(change)}
            return "be-observer.sales_order_status_update", value
        case _:
            level = {"sku": resource.sku, "source": "default", "outOfStock": False}
            rows = [{**level, "quantity": change}]
            return "be-observer.catalog_stock_update", rows


def webhook(
    event: str, data: dict[str, Any], products: dict[str, int]
) -> tuple[Resource, int | None, str | None]:
    """Resource, change (None: another value) and Commerce's id that a webhook has.

    Args:
        products: number of each product, by Commerce's id.
    """
    _, kind, _ = event.split(".")
    match kind:
        case "product":
            resource = Resource(kind, _number(data["sku"]))
            return resource, _change(data.get("name")), str(data["id"])
        case "customer":
            number = _number(data["email"].partition("@")[0])
            return Resource(kind, number), _change(data["firstname"]), str(data["id"])
        case "customer-group":
            code = data["customer_group_code"]
            resource = Resource(kind, int(code.split()[1]))
            return resource, _change(code), str(data["customer_group_id"])
        case "order":
            number = (int(data["id"]) - FIRST_ORDER) // 2
            return Resource(kind, number), _change(data["status"]), None
        case _:
            number = products[str(data["product_id"])]
            return Resource(kind, number), int(float(data["qty"])), None


def _number(text: str) -> int:
    return int(text.rpartition("-")[2])


def _change(text: str | None) -> int | None:
    match = LAST_NUMBER.search(text or "")
    return int(match[0]) if match else None


def edit(commerce: Simulation, resource: Resource, change: int) -> str:
    """A person makes *change* in Commerce; the id of Commerce's event."""
    edits: dict[str, Callable[[], object]] = {
        "product": lambda: admin.edit_product(
            commerce, resource.sku, name=f"Name {change}", price=1 + change % 997
        ),
        "customer": lambda: admin.edit_customer(
            commerce, _entity_id(commerce, resource), firstname=f"Name {change}"
        ),
        "customer-group": lambda: admin.edit_group(
            commerce,
            _entity_id(commerce, resource),
            code=resource.code(change),
            tax_class_id=3,
        ),
        "order": lambda: admin.edit_order(
            commerce, resource.order_id, STATUS.format(change)
        ),
        "stock": lambda: admin.edit_stock(commerce, resource.sku, change),
    }
    edits[resource.kind]()
    return str(commerce.io_events.newest(1)[0]["event_id"])


def _entity_id(commerce: Simulation, resource: Resource) -> int:
    if resource.kind == "customer":
        return commerce.entities.find("customer", resource.email)[0][0]
    prefix = resource.code(0)[:-1]
    rows = commerce.entities.all(customer_group.KIND)
    return next(row[0] for row in rows if row[1]["code"].startswith(prefix))


def stored(commerce: Simulation, count: int) -> Iterator[tuple[Resource, int | None]]:
    """The change that Commerce has of each of *count* resources of each kind."""
    entities = commerce.entities
    for resource in resources(count):
        match resource.kind:
            case "product":
                [(_, record)] = entities.find("product", resource.sku)
                yield resource, _change(record["attributes"]["name"])
            case "customer":
                [(_, record)] = entities.find("customer", resource.email)
                yield resource, _change(record["firstname"])
            case "customer-group":
                record = entities.get(
                    customer_group.KIND, _entity_id(commerce, resource)
                )
                yield resource, _change((record or {})["code"])
            case "order":
                record = entities.get("order", resource.order_id)
                yield resource, _change((record or {})["status"])
            case _:
                rows = (row for _, row in entities.all("source_item"))
                wanted = (resource.sku, "default")
                [quantity] = [
                    row["quantity"]
                    for row in rows
                    if (row["sku"], row["source_code"]) == wanted
                ]
                yield resource, int(quantity)
