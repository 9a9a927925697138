"""The values of the events, one module per entity, one schema per event.

A schema's keys are spelled as on the wire, and what it loads is spelled so too: the
value that is published is the value that was posted, less the keys nobody knows.
"""

from marshmallow import EXCLUDE, RAISE, Schema


class Open(Schema):
    """Base of values that may carry more than we know: other keys are dropped."""

    class Meta:
        unknown = EXCLUDE


class Closed(Schema):
    """Base of values that may not: other keys are refused."""

    class Meta:
        unknown = RAISE
