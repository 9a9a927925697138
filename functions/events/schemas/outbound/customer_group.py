"""Values of Commerce's customer group events."""

from functions.events.fields import Key
from functions.events.schemas import ForwardedSchema


class CustomerGroupSaved(ForwardedSchema):
    """A customer group that was created or updated in Commerce."""

    customer_group_id = Key(required=True)


class CustomerGroupDeleted(ForwardedSchema):
    """A customer group that was deleted in Commerce."""

    customer_group_id = Key(required=True)
