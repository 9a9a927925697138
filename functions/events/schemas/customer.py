"""Values of the customer events."""

from functions.events.fields import Id, Text
from functions.events.schemas import Closed, Open


class CustomerCreate(Open):
    """A person that a back office registered."""

    name = Text(required=True)
    lastname = Text(required=True)
    email = Text(required=True)


class CustomerUpdate(Open):
    """A customer as they are now."""

    id = Id(required=True)
    name = Text(required=True)
    lastname = Text(required=True)
    email = Text(required=True)


class CustomerDelete(Closed):
    """A customer that is gone."""

    id = Id(required=True)
