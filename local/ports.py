"""Checks that the stack's published ports are free."""

import socket


class CannotStart(Exception):
    """The stack cannot start; the text says why and what to do."""


def check(host: str, port: int, console_port: int) -> None:
    """Check the two published ports; 0 is always free.

    Raises:
        CannotStart: one of them is in use, or both are the same.
    """
    if port == console_port != 0:
        raise CannotStart(
            f"PORT and CONSOLE_PORT are both {port}: choose another for one:"
            f" CONSOLE_PORT={port + 1} make run"
        )
    _check(host, port, "PORT")
    _check(host, console_port, "CONSOLE_PORT")


def _check(host: str, port: int, name: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotStart(
                f"Port {port} cannot be used ({error.strerror}): stop the program that"
                f" listens there, or choose another: {name}={port + 1} make run"
            ) from None
