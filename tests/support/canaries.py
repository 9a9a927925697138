"""Values that are recognised wherever they appear."""

from collections.abc import Iterator
from typing import Any

from functions.events import catalog, samples

WORD = "canary"
NUMBER = 7316294800  # and the hundred after it: no id, time or port looks like these
PATTERNS = (WORD, str(NUMBER)[:-2])


def value(event: str) -> Any:
    """The sample of *event*, still valid, with a canary for every text and number."""
    numbers = iter(range(NUMBER, NUMBER + 100))
    return _replaced(samples.value(event), "value", numbers)


def values() -> dict[str, Any]:
    """One such value for each event."""
    return {event: value(event) for event in sorted(catalog.INBOUND_EVENTS)}


def find(output: bytes | str, *secrets: str) -> list[str]:
    """The canaries and *secrets* in *output*, each with the text around it."""
    text = output if isinstance(output, str) else output.decode(errors="replace")
    lower = text.lower()
    matches = []
    for pattern in (*PATTERNS, *secrets):
        start = lower.find(pattern.lower())
        if start >= 0:
            matches.append(f"{pattern}: …{text[max(0, start - 150) : start + 80]}…")
    return matches


def _replaced(item: Any, name: str, numbers: Iterator[int]) -> Any:
    if isinstance(item, dict):
        return {key: _replaced(inner, key, numbers) for key, inner in item.items()}
    if isinstance(item, list):
        return [_replaced(inner, name, numbers) for inner in item]
    if isinstance(item, str):
        domain = "@canary.example" if name == "email" else ""
        return f"{WORD}-{name}{domain}"
    if isinstance(item, bool):  # cannot be recognised
        return item
    # A quantity has at most eight digits.
    return NUMBER // 100 if name in ("quantity", "qty") else next(numbers)
