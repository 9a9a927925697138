"""Readers of the Commerce settings' values; errors do not quote the value."""

import json
import re

STORE_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def scopes(value: str) -> tuple[str, ...]:
    """A JSON list of texts, as in Adobe's kit, or separated by commas or blanks.

    Raises:
        ValueError: it begins like a JSON list and is not a list of texts.
    """
    if value.startswith("["):
        try:
            names = json.loads(value)
        except ValueError:
            raise ValueError("must be a JSON list, or separated by commas") from None
        if not all(isinstance(name, str) for name in names):
            raise ValueError("must be a JSON list of texts")
    else:
        names = re.split(r"[,\s]+", value)
    return tuple(name.strip() for name in names if name.strip())


def store_code(value: str) -> str:
    """``all``, ``default`` or a store view's code.

    Raises:
        ValueError: it is not one of them, and could change the path.
    """
    if not STORE_CODE.fullmatch(value):
        raise ValueError("must be all, default or a store view's code")
    return value


def whole_numbers(value: str) -> tuple[int, ...]:
    """Whole numbers from 1, separated by commas.

    Raises:
        ValueError: one of them is not a whole number.
    """
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if not all(part.isascii() and part.isdigit() and int(part) for part in parts):
        raise ValueError("must be whole numbers from 1, separated by commas")
    return tuple(int(part) for part in parts)
