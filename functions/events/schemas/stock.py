"""Values of the stock events: a list of levels."""

from functions.events.fields import Flag, Number, Sku, Text
from functions.events.schemas import Open


class StockUpdate(Open):
    """How much of a SKU lies at an inventory source; posted as a list, never empty."""

    sku = Sku(required=True)
    source = Text(required=True)
    quantity = Number(required=True)
    outOfStock = Flag(required=True)

    def __init__(self) -> None:
        super().__init__(many=True)
