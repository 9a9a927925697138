"""The values of the events, one module per entity, one schema per event.

The keys of a schema are those on the wire, before and after loading: the value that is
published is the value that was posted, without unknown keys where the event is inbound.
"""

from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema


class _ObjectSchema(Schema):
    error_messages = {"type": "Must be an object."}


class OpenSchema(_ObjectSchema):
    """Base of values that may have further keys; these are dropped."""

    class Meta:
        unknown = EXCLUDE


class ClosedSchema(_ObjectSchema):
    """Base of values that may not; further keys are rejected."""

    class Meta:
        unknown = RAISE


class ForwardedSchema(OpenSchema):
    """Base of Commerce's own values; further keys are kept for the third party."""

    def load(self, data: Any, **options: Any) -> Any:
        """*data* with its keys in their order, and the declared fields as loaded.

        marshmallow's INCLUDE orders unknown keys at random, which would make the body
        of a webhook differ between two attempts.
        """
        loaded = super().load(data, **options)
        return {**data, **loaded}
