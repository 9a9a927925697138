"""Values of Commerce's customer events."""

from functions.events.fields import Key
from functions.events.schemas import ForwardedSchema


class CustomerSaved(ForwardedSchema):
    """A customer who was created or updated in Commerce."""

    id = Key(required=True)


class CustomerDeleted(ForwardedSchema):
    """A customer who was deleted in Commerce."""

    id = Key(required=True)
