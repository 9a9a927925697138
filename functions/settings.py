"""Settings: a typed record per function, read once from the environment.

A settings class is a frozen dataclass whose fields are declared with :func:`setting`:
the environment variable, how to parse it, and its meaning. ``docs/settings.md`` and the
check of Terraform's variables are generated from the same declarations.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, TypeVar

T = TypeVar("T")

INVALID = object()  # the value of a variable that could not be parsed


class SettingsError(RuntimeError):
    """The environment is incomplete or invalid; the text lists all errors."""


@dataclass(frozen=True)
class Described:
    """One row of the settings' documentation."""

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
        read: text to value; its ValueError says what is expected, without the value.
        default: used when the variable is unset or empty; without one it is required.
        shown: the default as the documentation writes it.
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
        SettingsError: settings are missing or invalid; names all of them, no values.
    """
    result: T = all_from_environment(environment, cls)[0]
    return result


def all_from_environment(environment: Mapping[str, str], *classes: type) -> list[Any]:
    """Build each of *classes* from *environment*, as :func:`from_environment` does.

    A class may have a static method ``conflicts``, which checks several settings
    together. It gets the values of the variables that are set, by name, with
    ``INVALID`` for one that cannot be parsed, and returns an error for each conflict.
    It runs whatever else is wrong, so that one message lists all errors.

    Raises:
        SettingsError: as in :func:`from_environment`, for all classes at once.
    """
    records: list[Any] = []
    errors: list[str] = []
    for cls in classes:
        given, invalid = _read(cls, environment)
        errors += invalid
        if conflicts := getattr(cls, "conflicts", None):
            errors += conflicts(given)
        if not invalid:
            fields_by_name = {
                item.metadata["name"]: item.name for item in _settings(cls)
            }
            records.append(cls(**{fields_by_name[n]: v for n, v in given.items()}))
    if errors:
        raise SettingsError("Wrong settings: " + "; ".join(errors))
    return records


def _read(
    cls: type, environment: Mapping[str, str]
) -> tuple[dict[str, Any], list[str]]:
    """The values by variable, and the errors of single variables."""
    given: dict[str, Any] = {}
    errors: list[str] = []
    for item in _settings(cls):
        name = item.metadata["name"]
        text = environment.get(name, "").strip()
        if not text:
            if item.default is MISSING:
                errors.append(f"{name} is not set")
            continue
        try:
            given[name] = item.metadata["read"](text)
        except ValueError as error:
            given[name] = INVALID
            errors.append(f"{name} {error}")
    return given, errors


def names(cls: type) -> list[str]:
    """The environment variables that *cls* reads."""
    return [item.metadata["name"] for item in _settings(cls)]


def described(cls: type) -> Iterator[Described]:
    """The settings of *cls*, for the documentation."""
    for item in _settings(cls):
        data = item.metadata
        if data["shown"] is not None:
            default = data["shown"]
        elif item.default is MISSING:
            default = "required"
        else:
            default = "" if item.default in (None, "", ()) else str(item.default)
        yield Described(data["name"], data["meaning"], default, data["secret"])


def _settings(cls: type) -> Iterator[Field[Any]]:
    return (item for item in fields(cls) if "read" in item.metadata)


def text(value: str) -> str:
    """Any text.

    Like this one, each reader below parses a variable's text. Its ValueError says what
    is expected.
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
    """Comma-separated items, without blanks around them and without empty ones."""
    return tuple(part.strip() for part in value.split(",") if part.strip())
