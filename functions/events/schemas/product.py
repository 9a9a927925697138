"""Values of the product events."""

from functions.events.fields import Number, Sku, Text
from functions.events.schemas import Closed, Open


class ProductCreate(Open):
    """A product that a back office made; without a price Commerce decides."""

    sku = Sku(required=True)
    name = Text(required=True)
    price = Number()
    description = Text(required=True, least=0)


class ProductUpdate(Open):
    """A product as it is now."""

    sku = Sku(required=True)
    name = Text(required=True)
    price = Number(required=True)
    description = Text(required=True, least=0)


class ProductDelete(Closed):
    """A product that is gone."""

    sku = Sku(required=True)
