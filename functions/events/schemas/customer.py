"""Values of the customer events."""

from functions.events.fields import Id, Text
from functions.events.schemas import ClosedSchema, OpenSchema


class CustomerCreate(OpenSchema):
    """A new customer."""

    name = Text(required=True)
    lastname = Text(required=True)
    email = Text(required=True)


class CustomerUpdate(OpenSchema):
    """The current state of a customer."""

    id = Id(required=True)
    name = Text(required=True)
    lastname = Text(required=True)
    email = Text(required=True)


class CustomerDelete(ClosedSchema):
    """A deleted customer."""

    id = Id(required=True)
