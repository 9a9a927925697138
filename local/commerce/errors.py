"""Commerce's error responses: a message template with its parameters beside it.

Messages are Magento's own phrases, unrendered, as its REST responses carry them.
"""

from typing import Any


class CommerceError(Exception):
    """Commerce answers *status* with ``{"message", "parameters"}``.

    Args:
        message: a template: ``%1`` for a list of parameters, ``%name`` for a mapping.
        body: the whole body instead, where it has another form; text is HTML.
    """

    def __init__(
        self,
        status: int,
        message: str,
        parameters: list | dict | None = None,
        *,
        body: Any = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"message": message} if body is None else body
        if body is None and parameters:
            self.body["parameters"] = parameters


def required(field: str) -> CommerceError:
    """The error of a missing field."""
    return CommerceError(
        400, '"%fieldName" is required. Enter and try again.', {"fieldName": field}
    )


def no_such_entity(field: str, value: Any) -> CommerceError:
    """The 404 of a customer or group id."""
    return CommerceError(
        404,
        "No such entity with %fieldName = %fieldValue",
        {"fieldName": field, "fieldValue": value},
    )


def no_such_order() -> CommerceError:
    """The 404 of an order or shipment id."""
    return CommerceError(
        404,
        "The entity that was requested doesn't exist. Verify the entity and try again.",
    )


def wrong_type(value: Any, kind: str) -> CommerceError:
    """The error of a value that PHP does not take for *kind* (``int``, ``float``)."""
    return CommerceError(
        400,
        'The "%value" value\'s type is invalid. The "%type" type was expected.'
        " Verify and try again.",
        {"value": str(value), "type": kind},
    )


def unknown_route() -> CommerceError:
    """The 404 of an unknown URL."""
    return CommerceError(404, "Request does not match any route.")
