"""Commerce's refusals, in Commerce's words: a template with its parameters beside it.

A text is Magento's own phrase, unrendered, as its REST answers carry it (notes,
"Errors").
"""

from typing import Any


class Refusal(Exception):
    """Commerce answers *status* with ``{"message", "parameters"}``.

    Args:
        message: a template: ``%1`` for a list of parameters, ``%name`` for a mapping.
        raw: the whole body instead, where it has another form.
    """

    def __init__(
        self,
        status: int,
        message: str,
        parameters: list | dict | None = None,
        *,
        raw: Any = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = raw if raw is not None else {"message": message}
        if raw is None and parameters:
            self.body["parameters"] = parameters


def required(field: str) -> Refusal:
    """A field that must be there is not."""
    return Refusal(
        400, '"%fieldName" is required. Enter and try again.', {"fieldName": field}
    )


def gone(field: str, value: Any) -> Refusal:
    """Nothing has this id."""
    return Refusal(
        404,
        "No such entity with %fieldName = %fieldValue",
        {"fieldName": field, "fieldValue": value},
    )


def gone_entity() -> Refusal:
    """No order or shipment has this id."""
    return Refusal(
        404,
        "The entity that was requested doesn't exist. Verify the entity and try again.",
    )


def wrong_type(value: Any, kind: str) -> Refusal:
    """*value* is not what PHP takes for *kind* (``int``, ``float``, ``string``)."""
    return Refusal(
        400,
        'The "%value" value\'s type is invalid. The "%type" type was expected.'
        " Verify and try again.",
        {"value": value if isinstance(value, str) else str(value), "type": kind},
    )


def unknown_route() -> Refusal:
    """The address is wrong, not the thing (notes, "Errors")."""
    return Refusal(404, "Request does not match any route.")
