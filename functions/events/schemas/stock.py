"""Values of the stock events: a list of levels."""

from functions.events.fields import Boolean, Number, Sku, Text
from functions.events.schemas import OpenSchema


class StockUpdate(OpenSchema):
    """A SKU's stock level at an inventory source; posted as a non-empty list."""

    sku = Sku(required=True)
    source = Text(required=True)
    quantity = Number(required=True)
    outOfStock = Boolean(required=True)

    def __init__(self) -> None:
        super().__init__(many=True)
