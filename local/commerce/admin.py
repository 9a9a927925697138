"""What a person does in Commerce itself: edit a product, place an order."""

from collections.abc import Callable
from typing import Any

from local.commerce import order, product
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
