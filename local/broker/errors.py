"""What the broker refuses, as gRPC says it."""

from grpc import StatusCode


class Refused(Exception):
    """A call that is answered with an error.

    Attributes:
        code: gRPC's status.
        message: one sentence for the caller.
    """

    def __init__(self, code: StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> Refused:
    """INVALID_ARGUMENT, to be raised."""
    return Refused(StatusCode.INVALID_ARGUMENT, message)


def not_found(name: str) -> Refused:
    """NOT_FOUND, to be raised."""
    return Refused(StatusCode.NOT_FOUND, f"Resource not found (resource={name}).")


def there_already(name: str) -> Refused:
    """ALREADY_EXISTS, to be raised."""
    return Refused(
        StatusCode.ALREADY_EXISTS, f"Resource already exists (resource={name})."
    )


def pushed(name: str) -> Refused:
    """FAILED_PRECONDITION for a pull, to be raised."""
    return Refused(
        StatusCode.FAILED_PRECONDITION, f"This subscription is pushed ({name})."
    )


def detached(name: str) -> Refused:
    """FAILED_PRECONDITION for a pull, to be raised."""
    return Refused(
        StatusCode.FAILED_PRECONDITION, f"This subscription is detached ({name})."
    )


def unsupported(what: str) -> Refused:
    """UNIMPLEMENTED, to be raised: better than to take it and not do it."""
    return Refused(
        StatusCode.UNIMPLEMENTED, f"{what}: this local broker does not do that."
    )
