"""The values of the events, one module per entity, one schema per event.

The keys of a schema are those on the wire, before and after loading: the value that is
published is the value that was posted, without unknown keys where the event is inbound.
"""

from typing import Any

from marshmallow import EXCLUDE, INCLUDE, RAISE, Schema, post_load


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

    @post_load(pass_original=True)
    def keep_order(
        self, value: dict[str, Any], given: dict[str, Any], **_: Any
    ) -> dict[str, Any]:
        """*value* with its keys as they were *given*.

        marshmallow orders unknown keys at random, which would make the body of a
        webhook differ between two attempts.
        """
        return {name: value[name] for name in given}
