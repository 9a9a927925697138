"""Settings: a typed record per function, read once from the environment.

A settings class is a frozen dataclass whose fields are made by :func:`setting`;
each names its environment variable, how its text is read, and what it means. The
same list feeds ``docs/settings.md`` and the check that Terraform sets what is read.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, TypeVar

T = TypeVar("T")


class SettingsError(RuntimeError):
    """The environment is not fit to start with; the text names every fault at once."""


@dataclass(frozen=True)
class Described:
    """One line of the settings' documentation."""

    name: str
    meaning: str
    default: str
    secret: bool


def setting(
    name: str,
    read: Callable[[str], Any],
    meaning: str,
    default: Any = MISSING,
    *,
    shown: str | None = None,
    secret: bool = False,
) -> Any:
    """Declare a field read from the environment variable *name*.

    Args:
        read: text to value; raises ValueError with what is expected, without the value.
        default: the value when the variable is unset or empty; none = required.
        shown: how the documentation writes the default.
        secret: keep the value out of ``repr``.
    """
    metadata = {
        "name": name,
        "read": read,
        "meaning": meaning,
        "shown": shown,
        "secret": secret,
    }
    return field(default=default, repr=not secret, metadata=metadata)


def from_environment(cls: type[T], environment: Mapping[str, str]) -> T:
    """Build *cls* from *environment*; an empty variable counts as unset.

    Raises:
        SettingsError: something is missing or wrong: all of it, by name, no values.
    """
    return all_from_environment(environment, cls)[0]


def all_from_environment(environment: Mapping[str, str], *classes: type) -> list:
    """Build each of *classes* from *environment*, as :func:`from_environment` does.

    A class may have a method ``lacking``, which is given the names of the variables
    that are set and says what misses another.

    Raises:
        SettingsError: something is missing or wrong, in whichever class: all of it.
    """
    made, faults = [], []
    for cls in classes:
        values, wrong = _read(cls, environment)
        lacking = getattr(cls, "lacking", lambda given: [])(
            {name for name in names(cls) if environment.get(name, "").strip()}
        )
        faults += wrong + lacking
        if not wrong:
            try:
                made.append(cls(**values))
            except ValueError as error:  # what only several settings together can tell
                faults.append(str(error))
    if faults:
        raise SettingsError("Wrong settings: " + "; ".join(faults))
    return made


def _read(cls: type, environment: Mapping[str, str]) -> tuple[dict, list[str]]:
    """The values by field, and what is wrong with single variables."""
    values, faults = {}, []
    for item in _settings(cls):
        name = item.metadata["name"]
        text = environment.get(name, "").strip()
        if not text:
            if item.default is MISSING:
                faults.append(f"{name} is not set")
            continue
        try:
            values[item.name] = item.metadata["read"](text)
        except ValueError as error:
            faults.append(f"{name} {error}")
    return values, faults


def names(cls: type) -> list[str]:
    """The environment variables *cls* reads."""
    return [item.metadata["name"] for item in _settings(cls)]


def described(cls: type) -> Iterator[Described]:
    """What *cls* reads, for documentation."""
    for item in _settings(cls):
        data = item.metadata
        if data["shown"] is not None:
            default = data["shown"]
        elif item.default is MISSING:
            default = "required"
        else:
            default = "" if item.default in (None, "", ()) else str(item.default)
        yield Described(data["name"], data["meaning"], default, data["secret"])


def _settings(cls: type) -> Iterator[Field]:
    return (item for item in fields(cls) if "read" in item.metadata)


def text(value: str) -> str:
    """Any text.

    Like this one, each reader below takes a variable's text, and raises ValueError with
    what is expected where the text is something else.
    """
    return value


def whole(minimum: int, maximum: int | None = None) -> Callable[[str], int]:
    """A whole number within bounds."""
    bounds = f"from {minimum}" + ("" if maximum is None else f" to {maximum}")

    def read(value: str) -> int:
        if not value.isascii() or not value.removeprefix("-").isdigit():
            raise ValueError(f"must be a whole number {bounds}")
        number = int(value)
        if number < minimum or (maximum is not None and number > maximum):
            raise ValueError(f"must be a whole number {bounds}")
        return number

    return read


def seconds(minimum: float, maximum: float) -> Callable[[str], float]:
    """A time span in seconds within bounds."""

    def read(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not minimum <= number <= maximum:
            raise ValueError(f"must be seconds from {minimum:g} to {maximum:g}")
        return number

    return read


def one_of(*choices: str) -> Callable[[str], str]:
    """One of *choices*, in any case."""

    def read(value: str) -> str:
        if value.lower() not in choices:
            raise ValueError("must be one of " + ", ".join(choices))
        return value.lower()

    return read


def flag(value: str) -> bool:
    """``true`` or ``false`` (also ``1``, ``0``, ``yes``, ``no``, ``on``, ``off``)."""
    lowered = value.lower()
    if lowered in ("1", "true", "yes", "on"):
        return True
    if lowered in ("0", "false", "no", "off"):
        return False
    raise ValueError("must be true or false")


def listed(value: str) -> tuple[str, ...]:
    """Comma-separated, blanks around each dropped, empty ones left out."""
    return tuple(part.strip() for part in value.split(",") if part.strip())
