"""A request's headers, whose names have no case."""

from collections.abc import Iterator, Mapping, Sequence


class Headers(Mapping[str, str]):
    """Values by name; of a repeated header the first.

    Starlette's own mapping passes over all headers at each look-up. This one decodes
    only what is looked up.

    Args:
        raw: names in lower case and values, as ASGI has them.
    """

    def __init__(self, raw: Sequence[tuple[bytes, bytes]]) -> None:
        self._values = dict(reversed(raw))

    def __getitem__(self, name: str) -> str:
        return self._values[_encode(name)].decode("latin-1")

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _encode(name) in self._values

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override] # the values are text
        """The value of *name*, or *default*; Mapping's own raises and catches."""
        value = self._values.get(name.lower().encode("latin-1", "replace"))
        return default if value is None else value.decode("latin-1")

    def __iter__(self) -> Iterator[str]:
        return (name.decode("latin-1") for name in self._values)

    def __len__(self) -> int:
        return len(self._values)


def _encode(name: str) -> bytes:
    # No header's name has other characters, so such a name is found nowhere.
    return name.lower().encode("latin-1", "replace")
