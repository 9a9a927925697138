"""The values of the events, one module per entity, one schema per event.

The keys of a schema are those on the wire, before and after loading: the value that is
published is the value that was posted, without unknown keys where the event is inbound.
"""

from marshmallow import EXCLUDE, INCLUDE, RAISE, Schema


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


class ForwardedSchema(_ObjectSchema):
    """Base of Commerce's own values; further keys are kept for the third party."""

    class Meta:
        unknown = INCLUDE
