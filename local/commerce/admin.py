"""What a person does in Commerce itself: edit what is there, place an order."""

from collections.abc import Callable
from typing import Any

from local.commerce import customer, customer_group, order, product, stock
from local.commerce.call import Call
from local.commerce.simulation import Simulation


def edit_product(simulation: Simulation, sku: str, **fields: Any) -> dict:
    """Create or change the product *sku*; its document.

    Raises:
        CommerceError: the fields are invalid.
    """
    body = {"product": {"sku": sku, "type_id": "simple", **fields}}
    document: dict = _perform(simulation, product.post, body)
    return document


def delete_product(simulation: Simulation, sku: str) -> None:
    """Delete the product *sku*.

    Raises:
        CommerceError: there is none.
    """
    _perform(simulation, product.delete, None, sku=sku)


def place_order(simulation: Simulation, sku: str, quantity: float, email: str) -> int:
    """Place an order of one product; the order's id.

    Raises:
        CommerceError: there is no such product.
    """
    items = {"sku": sku, "qty": quantity, "customer_email": email}
    order_id: int = _perform(simulation, order.create, items)
    return order_id


def edit_customer(simulation: Simulation, customer_id: int, **fields: Any) -> None:
    """Change a customer.

    Raises:
        CommerceError: there is none, or the fields are invalid.
    """
    body = {"customer": fields}
    _perform(simulation, customer.update, body, id=str(customer_id))


def edit_group(simulation: Simulation, group_id: int, **fields: Any) -> None:
    """Change a customer group.

    Raises:
        CommerceError: there is none, or the fields are invalid.
    """
    body = {"group": fields}
    _perform(simulation, customer_group.update, body, id=str(group_id))


def edit_order(simulation: Simulation, order_id: int, status: str) -> None:
    """Set the status of an order, with a comment.

    Raises:
        CommerceError: there is none, or it cannot have that status.
    """
    body = {"statusHistory": {"comment": "", "status": status}}
    _perform(simulation, order.add_comment, body, id=str(order_id))


def edit_stock(simulation: Simulation, sku: str, quantity: float) -> None:
    """Set the quantity of a product, which is then in stock."""
    item = {"sku": sku, "source_code": stock.SOURCES[0], "status": 1}
    body = {"sourceItems": [{**item, "quantity": quantity}]}
    _perform(simulation, stock.save, body)


def _perform(
    simulation: Simulation,
    operation: Callable[[Call], Any],
    body: Any,
    **values: str,
) -> Any:
    with simulation.entities.transaction():
        call = Call(
            simulation.entities,
            simulation.switches,
            values,
            [],
            body,
            "all",
            simulation.clock(),
        )
        result = operation(call)
        simulation.io_events.add(call.observed)
    return result
