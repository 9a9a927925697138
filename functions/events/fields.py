"""Strict fields: JSON's own numbers, booleans and text, nothing converted.

marshmallow's ``Float`` takes "1.5" and its ``Boolean`` "yes"; a caller that sends
text for a number has a fault worth hearing about before the event is stored.
"""

import math
from typing import Any

from marshmallow import Schema, ValidationError, fields

# Commerce keeps prices and quantities as DECIMAL(20,6) at the widest.
MAX_NUMBER = 1e14
MAX_ID = 2**63 - 1
MAX_ERRORS = 1000  # in one list; beyond them nothing more is looked at


class Strict(fields.Field):
    """Base of ours, which convert nothing."""

    @property
    def plain(self) -> bool:
        """Whether ``_deserialize`` is all there is to loading it.

        What marshmallow does around it, for fields that have validators or functions
        of their own, would cost more than the check itself.
        """
        own = type(self)
        return (
            not (self.validators or self.pre_load or self.post_load)
            and own.deserialize is fields.Field.deserialize
            and own._validate is fields.Field._validate
        )


class Text(Strict):
    """Text that UTF-8 can hold and that has no NUL; *least* and *most* characters."""

    default_error_messages = {
        "type": "Must be text.",
        "unreadable": "Must not hold lone surrogates or NUL characters.",
        "short": "Must not be empty.",
        "long": "Must be at most {most} characters.",
    }

    def __init__(self, least: int = 1, most: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least = least
        self.most = most

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if type(value) is not str:
            raise self.make_error("type")
        if len(value) < self.least:
            raise self.make_error("short")
        if self.most is not None and len(value) > self.most:
            raise self.make_error("long", most=self.most)
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise self.make_error("unreadable") from None
        if "\0" in value:
            raise self.make_error("unreadable")
        return value


class Sku(Text):
    """A SKU: 1 to 64 characters, and not ``.`` or ``..``, which no URL can carry."""

    default_error_messages = {"dots": 'Must not be "." or "..".'}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(least=1, most=64, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        sku = super()._deserialize(value, attr, data, **kwargs)
        if sku in (".", ".."):
            raise self.make_error("dots")
        return sku


class Number(Strict):
    """A JSON number, whole or not, within what Commerce's columns hold."""

    default_error_messages = {
        "type": "Must be a number.",
        "size": "Must be between -100000000000000 and 100000000000000.",
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if type(value) is not int and type(value) is not float:
            raise self.make_error("type")
        if type(value) is float and not math.isfinite(value):
            raise self.make_error("size")
        if not -MAX_NUMBER <= value <= MAX_NUMBER:
            raise self.make_error("size")
        return value


class Id(Strict):
    """A whole JSON number of at least *least*; 15.0 and "15" are none."""

    default_error_messages = {
        "type": "Must be a whole number.",
        "size": "Must be from {least} to 9223372036854775807.",
    }

    def __init__(self, least: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least = least

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if type(value) is not int:
            raise self.make_error("type")
        if not self.least <= value <= MAX_ID:
            raise self.make_error("size", least=self.least)
        return value


class Flag(Strict):
    """JSON's ``true`` or ``false``."""

    default_error_messages = {"type": "Must be true or false."}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if type(value) is not bool:
            raise self.make_error("type")
        return value


class Rows(Strict):
    """A list of objects of one schema, which may be empty."""

    def __init__(self, row: type[Schema], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.row = row()

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list:
        return load_rows(self.row, value)


def load_rows(row: Schema, rows: Any, least: int = 0) -> list[dict]:
    """Load each of *rows* by *row*.

    marshmallow's own lists look at everything there is: a megabyte of ``{}`` takes
    them ten seconds, in which the event loop serves nobody else.

    Raises:
        ValidationError: messages by index, of the first ``MAX_ERRORS`` faults.
    """
    if type(rows) is not list:
        raise ValidationError("Invalid input type.")
    if len(rows) < least:
        raise ValidationError("Must not be empty.")
    loaded, faults, count = [], {}, 0
    for index, given in enumerate(rows):
        try:
            loaded.append(row.load(given, many=False))
        except ValidationError as error:
            faults[index] = error.messages
            count += len(error.messages)
            if count >= MAX_ERRORS:
                break
    if faults:
        raise ValidationError(faults)
    return loaded
