"""Values of the stock events: a list of levels."""

from functions.events.fields import (
    MAX_QUANTITY,
    MAX_VARCHAR_LENGTH,
    Boolean,
    Number,
    Sku,
    Text,
)
from functions.events.schemas import OpenSchema


class StockUpdate(OpenSchema):
    """A SKU's stock level at an inventory source; posted as a non-empty list."""

    sku = Sku(required=True)
    source = Text(required=True, max_length=MAX_VARCHAR_LENGTH)
    quantity = Number(required=True, limit=MAX_QUANTITY)
    outOfStock = Boolean(required=True)

    def __init__(self) -> None:
        super().__init__(many=True)
