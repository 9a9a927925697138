"""The form of a case: a handler that is wrong, one that is right, and what shows it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from functions.commerce.errors import HandlerError
from tests.local.commerce.opened import Opened

Act = Callable[[Opened], Any]


def _nothing(commerce: Opened) -> None:
    """Nothing to prepare."""


@dataclass(frozen=True)
class Case:
    """A rule that a handler may break.

    Attributes:
        wrong: does what a handler must not do, through the project's client.
        noticed: what comes of it: see ``outcome``.
        right: does the same as the project's handlers do it.
        good: what comes of that.
        before: prepares the shop.
        rules: switches to set.
        show: what to tell of an effect beside operation and thing.
    """

    wrong: Act
    noticed: list[str]
    right: Act
    good: list[str]
    before: Act = _nothing
    rules: dict[str, Any] = field(default_factory=dict)
    show: tuple[str, ...] = ()


def outcome(commerce: Opened, act: Act, show: tuple[str, ...]) -> list[str]:
    """What took effect by *act*, what it returned to tell, and how it was refused."""
    before = len(commerce.effects())
    try:
        said = act(commerce)
    except HandlerError as error:
        said = [f"{type(error).__name__} {error.status}"]
    lines = []
    for effect in commerce.effects()[before:]:
        more = (f" {n}={effect['more'][n]}" for n in show if n in effect["more"])
        lines.append(f"{effect['operation']} {effect['thing']}{''.join(more)}")
    return lines + (said if isinstance(said, list) else [])
