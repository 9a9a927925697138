"""Values of the customer events."""

from functions.events.fields import MAX_VARCHAR_LENGTH, Id, Text
from functions.events.schemas import ClosedSchema, OpenSchema


class CustomerCreate(OpenSchema):
    """A new customer."""

    name = Text(required=True, max_length=MAX_VARCHAR_LENGTH)
    lastname = Text(required=True, max_length=MAX_VARCHAR_LENGTH)
    email = Text(required=True, max_length=MAX_VARCHAR_LENGTH)


class CustomerUpdate(OpenSchema):
    """The current state of a customer."""

    id = Id(required=True)
    name = Text(required=True, max_length=MAX_VARCHAR_LENGTH)
    lastname = Text(required=True, max_length=MAX_VARCHAR_LENGTH)
    email = Text(required=True, max_length=MAX_VARCHAR_LENGTH)


class CustomerDelete(ClosedSchema):
    """A deleted customer."""

    id = Id(required=True)
