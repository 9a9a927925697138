"""Values of the product events."""

from functions.events.fields import (
    MAX_TEXT_BYTES,
    MAX_VARCHAR_LENGTH,
    Number,
    Sku,
    Text,
)
from functions.events.schemas import ClosedSchema, OpenSchema


class ProductCreate(OpenSchema):
    """A new product; without a price Commerce sets its default."""

    # Only here: a back office that pads its SKUs may go on updating.
    sku = Sku(required=True, trimmed=True)
    name = Text(required=True, max_length=MAX_VARCHAR_LENGTH)
    price = Number()
    description = Text(required=True, min_length=0, max_bytes=MAX_TEXT_BYTES)


class ProductUpdate(OpenSchema):
    """The current state of a product."""

    sku = Sku(required=True)
    name = Text(required=True, max_length=MAX_VARCHAR_LENGTH)
    price = Number(required=True)
    description = Text(required=True, min_length=0, max_bytes=MAX_TEXT_BYTES)


class ProductDelete(ClosedSchema):
    """A deleted product."""

    sku = Sku(required=True)
