"""Values of the customer group events."""

from functions.events.fields import Id, Text
from functions.events.schemas import ClosedSchema, OpenSchema

MAX_CODE_BYTES = 32  # PHP cuts a longer code by bytes (magento2#39342)


class CustomerGroupCreate(OpenSchema):
    """A new customer group; tax class 0 is Commerce's "none"."""

    name = Text(required=True, max_bytes=MAX_CODE_BYTES)
    taxClassId = Id(required=True, minimum=0)


class CustomerGroupUpdate(OpenSchema):
    """The current state of a customer group."""

    id = Id(required=True)
    name = Text(required=True, max_bytes=MAX_CODE_BYTES)
    taxClassId = Id(required=True, minimum=0)


class CustomerGroupDelete(ClosedSchema):
    """A deleted customer group."""

    id = Id(required=True)
