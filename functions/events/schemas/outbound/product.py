"""Values of Commerce's product events."""

from functions.events.fields import Key
from functions.events.schemas import ForwardedSchema


class ProductSaved(ForwardedSchema):
    """A product that was created or updated in Commerce."""

    sku = Key(required=True)


class ProductDeleted(ForwardedSchema):
    """A product that was deleted in Commerce."""

    sku = Key(required=True)
