"""Values of Commerce's order events."""

from functions.events.fields import Key
from functions.events.schemas import ForwardedSchema


class OrderSaved(ForwardedSchema):
    """An order that was placed or changed in Commerce."""

    id = Key(required=True)
