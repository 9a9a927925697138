"""Values of the product events."""

from functions.events.fields import Number, Sku, Text
from functions.events.schemas import ClosedSchema, OpenSchema


class ProductCreate(OpenSchema):
    """A new product; without a price Commerce sets its default."""

    sku = Sku(required=True)
    name = Text(required=True)
    price = Number()
    description = Text(required=True, min_length=0)


class ProductUpdate(OpenSchema):
    """The current state of a product."""

    sku = Sku(required=True)
    name = Text(required=True)
    price = Number(required=True)
    description = Text(required=True, min_length=0)


class ProductDelete(ClosedSchema):
    """A deleted product."""

    sku = Sku(required=True)
