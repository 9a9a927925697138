"""The values of the events, one module per entity, one schema per event.

A schema's keys are spelled as on the wire, and what it loads is spelled so too: the
value that is published is the value that was posted, less the keys nobody knows.
"""

from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, missing

from functions.events.fields import Strict


class Value(Schema):
    """Base of both kinds: what is right is loaded without marshmallow's detours.

    A value at fault, and a schema that has more than our strict fields (a nested one,
    a validator, a default), goes marshmallow's whole way: it alone says what is wrong.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        plain = not any(self._hooks.values()) and all(
            isinstance(field, Strict)
            and field.plain
            and field.attribute is None
            and field.data_key is None
            and field.load_default is missing
            for field in self.load_fields.values()
        )
        self._plain = tuple(self.load_fields.items()) if plain else None

    def load(self, data: Any, *, many: bool | None = None, **kwargs: Any) -> Any:
        """As marshmallow's."""
        many = self.many if many is None else many
        if self._plain and type(data) is dict and not many and not kwargs:
            try:
                loaded = self._loaded(data)
            except ValidationError:
                loaded = None
            if loaded is not None:
                return loaded
        return super().load(data, many=many, **kwargs)

    def _loaded(self, data: dict[str, Any]) -> dict[str, Any] | None:
        """What *data* loads to; None where something is missing or too much."""
        loaded = {}
        for name, field in self._plain:
            value = data.get(name)
            if value is not None:
                loaded[name] = field._deserialize(value, name, data)
            elif field.required or name in data:
                return None
        if self.unknown != EXCLUDE and len(loaded) < len(data):
            return None
        return loaded


class Open(Value):
    """Base of values that may carry more than we know: other keys are dropped."""

    class Meta:
        unknown = EXCLUDE


class Closed(Value):
    """Base of values that may not: other keys are refused."""

    class Meta:
        unknown = RAISE
