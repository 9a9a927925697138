"""The errors that the broker answers calls with."""

from grpc import StatusCode


class StatusError(Exception):
    """A call that is answered with a gRPC status.

    Attributes:
        code: the status.
        message: one sentence for the caller.
    """

    def __init__(self, code: StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> StatusError:
    """INVALID_ARGUMENT, to be raised."""
    return StatusError(StatusCode.INVALID_ARGUMENT, message)


def not_found(name: str) -> StatusError:
    """NOT_FOUND, to be raised."""
    return StatusError(StatusCode.NOT_FOUND, f"Resource not found (resource={name}).")


def already_exists(name: str) -> StatusError:
    """ALREADY_EXISTS, to be raised."""
    return StatusError(
        StatusCode.ALREADY_EXISTS, f"Resource already exists (resource={name})."
    )


def is_pushed(name: str) -> StatusError:
    """FAILED_PRECONDITION for a pull, to be raised."""
    return StatusError(
        StatusCode.FAILED_PRECONDITION,
        f"Cannot pull from {name}: it has a push endpoint. Remove the endpoint first.",
    )


def is_detached(name: str) -> StatusError:
    """FAILED_PRECONDITION for a pull, to be raised."""
    return StatusError(
        StatusCode.FAILED_PRECONDITION,
        f"Cannot pull from {name}: it is detached from its topic.",
    )


def unsupported(option: str) -> StatusError:
    """UNIMPLEMENTED, to be raised: an option without effect is not accepted."""
    return StatusError(
        StatusCode.UNIMPLEMENTED,
        f"This local broker does not support {option}. Leave it out.",
    )


def not_stored() -> StatusError:
    """UNAVAILABLE, to be raised: the file cannot be written at the moment."""
    return StatusError(
        StatusCode.UNAVAILABLE, "The broker could not store this. Send it again."
    )


def internal() -> StatusError:
    """INTERNAL, to be raised: a fault of the broker, which its log describes."""
    return StatusError(
        StatusCode.INTERNAL, "The broker failed; its log has the reason."
    )


def stopping() -> StatusError:
    """UNAVAILABLE for open pulls, to be raised."""
    return StatusError(StatusCode.UNAVAILABLE, "The broker is stopping.")
