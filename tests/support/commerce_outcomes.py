"""What the Commerce client raises, in a form that tests can compare."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.errors import Ambiguous, Unavailable


def unavailable(call: Callable[[], Any]) -> tuple:
    """Status of the ``Unavailable`` that *call* raises, and its flags that are set."""
    with pytest.raises(Unavailable) as raised:
        call()
    return (raised.value.status, *flags(raised.value))


def flags(error: Exception) -> list[str]:
    """The flags of *error* that are set; ``ambiguous`` for an ``Ambiguous``."""
    names = ("outcome_unknown", "alarm")
    set_flags = [name for name in names if getattr(error, name, False)]
    return set_flags + ["ambiguous"] * isinstance(error, Ambiguous)
