"""The stack's ports: which are free, and what to do about one that is not."""

import socket


class CannotStart(Exception):
    """The stack cannot start here; the text says what to do."""


def check(host: str, port: int, console_host: str, console_port: int) -> None:
    """Whether the two published ports can be had; 0 always can.

    Raises:
        CannotStart: one of them is in use, or both are the same.
    """
    if port == console_port != 0:
        raise CannotStart(
            f"PORT and CONSOLE_PORT are both {port}: choose another for one:"
            f" CONSOLE_PORT={port + 1} make run"
        )
    _check(host, port, "PORT")
    _check(console_host, console_port, "CONSOLE_PORT")


def free(host: str) -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def _check(host: str, port: int, name: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotStart(
                f"Port {port} cannot be used ({error.strerror}): stop what listens"
                f" there, or choose another: {name}={port + 1} make run"
            ) from None
