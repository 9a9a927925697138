"""Decodes JSON as callers must send it: UTF-8, no key twice, no NaN, bounded."""

import json
from typing import Any

MAX_KEYS = 1000  # of one object; a larger one is an attack


class InvalidJson(ValueError):
    """The bytes are not JSON, as the end of a sentence: ``is not UTF-8``."""


class _Forbidden(ValueError):
    """JSON that Python's decoder accepts and we do not."""


def decode(content: bytes) -> Any:
    """The JSON value in *content*.

    Raises:
        InvalidJson: it holds none.
    """
    try:
        # Many systems on Windows write a byte order mark before their JSON.
        return _decoder.decode(content.removeprefix(b"\xef\xbb\xbf").decode())
    except UnicodeDecodeError:
        raise InvalidJson("is not UTF-8") from None
    except json.JSONDecodeError as error:
        location = f"line {error.lineno}, column {error.colno}"
        raise InvalidJson(f"is not JSON ({location}: {error.msg})") from None
    except RecursionError:
        raise InvalidJson("is nested too deeply") from None
    except _Forbidden as error:
        raise InvalidJson(f"is not JSON ({error})") from None
    except ValueError:
        # Python's own limit.
        raise InvalidJson("is not JSON (a number has too many digits)") from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _Forbidden("a key stands twice in one object")
    if len(result) > MAX_KEYS:
        raise _Forbidden(f"an object holds more than {MAX_KEYS} keys")
    return result


def _reject_constant(name: str) -> None:
    raise _Forbidden(f"{name} is not JSON")


# Made once: json.loads with these arguments makes a decoder for each call.
_decoder = json.JSONDecoder(
    object_pairs_hook=_unique_keys, parse_constant=_reject_constant
)
