"""A request's headers, whose names have no case."""

from collections.abc import Iterable
from typing import Any


class Headers(dict[str, str]):
    """Values by name; of a repeated header the first.

    Starlette's own mapping passes over all headers at each look-up.

    Args:
        raw: names in lower case and values, as ASGI has them.
    """

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        super().__init__(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in reversed(list(raw))
        )

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        """The value of *name*, or *default*."""
        return super().get(name.lower(), default)
