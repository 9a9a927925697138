"""Values of Commerce's stock events."""

from functions.events.fields import Key
from functions.events.schemas import ForwardedSchema


class StockSaved(ForwardedSchema):
    """A stock item that was changed in Commerce; it names its product by id."""

    product_id = Key(required=True)
