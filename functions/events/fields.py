"""Strict fields: JSON's own numbers, booleans and text, without conversion.

marshmallow's ``Float`` accepts "1.5" and its ``Boolean`` accepts "yes". A caller that
sends text for a number has an error to fix before the event is stored.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from marshmallow import Schema, ValidationError, fields

# Commerce keeps prices as DECIMAL(20,6) at the widest, quantities as DECIMAL(12,4).
MAX_NUMBER = 100_000_000_000_000
MAX_QUANTITY = 99_999_999
MAX_ID = 2**63 - 1
MAX_ERRORS = 1000  # of one list; validation stops there
# Of Commerce's columns: VARCHAR counts characters, TEXT counts bytes.
MAX_VARCHAR_LENGTH = 255
MAX_TEXT_BYTES = 65_535
BLANKS = " \t\n\r\v"  # what PHP's trim removes; Text rejects NUL anyway
_error_limit: ContextVar[int] = ContextVar("error_limit", default=MAX_ERRORS)


@contextmanager
def limited_errors(limit: int) -> Iterator[None]:
    """Validate lists only until *limit* errors within this block."""
    token = _error_limit.set(limit)
    try:
        yield
    finally:
        _error_limit.reset(token)


class _Field(fields.Field):
    """Base of all fields."""

    def _validate(self, value: Any) -> None:
        # marshmallow builds an object for each value, with or without validators.
        if self.validators:
            super()._validate(value)


class Text(_Field):
    """Text of *min_length* to *max_length* characters; UTF-8 must hold it, and no NUL.

    Args:
        max_length: None for any.
        max_bytes: of its UTF-8; None for any.
    """

    default_error_messages = {
        "type": "Must be text.",
        "unreadable": "Must not hold lone surrogates or NUL characters.",
        "short": "Must not be empty.",
        "long": "Must be at most {max_length} characters.",
        "bytes": "Must be at most {max_bytes} bytes in UTF-8.",
    }

    def __init__(
        self,
        min_length: int = 1,
        max_length: int | None = None,
        max_bytes: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.min_length = min_length
        self.max_length = max_length
        self.max_bytes = max_bytes

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if type(value) is not str:
            raise self.make_error("type")
        if len(value) < self.min_length:
            raise self.make_error("short")
        if self.max_length is not None and len(value) > self.max_length:
            raise self.make_error("long", max_length=self.max_length)
        try:
            size = len(value.encode())
        except UnicodeEncodeError:
            raise self.make_error("unreadable") from None
        if self.max_bytes is not None and size > self.max_bytes:
            raise self.make_error("bytes", max_bytes=self.max_bytes)
        if "\0" in value:
            raise self.make_error("unreadable")
        return value


class Sku(Text):
    """A SKU: 1 to 64 characters, and not ``.`` or ``..``, which no URL can hold.

    Args:
        trimmed: whether it must not begin or end with a blank.
    """

    default_error_messages = {
        "dots": 'Must not be "." or "..".',
        "blank": "Must not begin or end with a blank.",
    }

    def __init__(self, trimmed: bool = False, **kwargs: Any) -> None:
        super().__init__(min_length=1, max_length=64, **kwargs)
        self.trimmed = trimmed

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        sku = super()._deserialize(value, attr, data, **kwargs)
        if sku in (".", ".."):
            raise self.make_error("dots")
        if self.trimmed and sku.strip(BLANKS) != sku:
            raise self.make_error("blank")
        return sku


class Number(_Field):
    """A JSON number, whole or not, from -*limit* to *limit*."""

    default_error_messages = {
        "type": "Must be a number.",
        "size": "Must be between -{limit} and {limit}.",
    }

    def __init__(self, limit: int = MAX_NUMBER, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limit = limit

    def _deserialize(
        self, value: Any, attr: Any, data: Any, **kwargs: Any
    ) -> int | float:
        if type(value) is not int and type(value) is not float:
            raise self.make_error("type")
        if type(value) is float and not math.isfinite(value):
            raise self.make_error("size", limit=self.limit)
        if not -self.limit <= value <= self.limit:
            raise self.make_error("size", limit=self.limit)
        return value


class Id(_Field):
    """A whole JSON number of at least *minimum*; neither 15.0 nor "15"."""

    default_error_messages = {
        "type": "Must be a whole number.",
        "size": "Must be from {minimum} to 9223372036854775807.",
    }

    def __init__(self, minimum: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.minimum = minimum

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if type(value) is not int:
            raise self.make_error("type")
        if not self.minimum <= value <= MAX_ID:
            raise self.make_error("size", minimum=self.minimum)
        return value


class Key(Text):
    """A key of Commerce's own events: text or a whole number, loaded as text."""

    default_error_messages = {"type": "Must be text or a whole number."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_VARCHAR_LENGTH, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if type(value) is int and abs(value) <= MAX_ID:
            value = str(value)
        return super()._deserialize(value, attr, data, **kwargs)


class Boolean(_Field):
    """JSON's ``true`` or ``false``."""

    default_error_messages = {"type": "Must be true or false."}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if type(value) is not bool:
            raise self.make_error("type")
        return value


class ObjectList(_Field):
    """A list of objects of one schema; it may be empty.

    Args:
        item: the schema's class.
    """

    def __init__(self, item: type[Schema], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.item = item()

    def _deserialize(
        self, value: Any, attr: Any, data: Any, **kwargs: Any
    ) -> list[dict[str, Any]]:
        return load_list(self.item, value)


def load_list(schema: Schema, items: Any, min_length: int = 0) -> list[dict[str, Any]]:
    """Load each of *items* by *schema*.

    marshmallow's own lists validate every item: a megabyte of ``{}`` takes ten seconds,
    during which the event loop serves no other request.

    Raises:
        ValidationError: messages by index, of the first ``MAX_ERRORS`` errors, or as
            many as :func:`limited_errors` says.
    """
    if type(items) is not list:
        raise ValidationError("Must be a list.")
    if len(items) < min_length:
        raise ValidationError("Must not be empty.")
    loaded: list[dict[str, Any]] = []
    errors: dict[int, Any] = {}
    count = 0
    for index, item in enumerate(items):
        try:
            loaded.append(schema.load(item, many=False))
        except ValidationError as error:
            errors[index] = error.messages
            count += len(error.messages)
            if count >= _error_limit.get():
                break
    if errors:
        raise ValidationError(errors)
    return loaded
