"""Values of the customer group events."""

from functions.events.fields import Id, Text
from functions.events.schemas import Closed, Open


class CustomerGroupCreate(Open):
    """A new customer group; tax class 0 is Commerce's "none"."""

    name = Text(required=True)
    taxClassId = Id(required=True, least=0)


class CustomerGroupUpdate(Open):
    """A customer group as it is now."""

    id = Id(required=True)
    name = Text(required=True)
    taxClassId = Id(required=True, least=0)


class CustomerGroupDelete(Closed):
    """A customer group that is gone."""

    id = Id(required=True)
