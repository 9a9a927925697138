"""Values that are recognised wherever they turn up."""

from typing import Any

from functions.events import catalog, samples

WORD = "canary"
NUMBER = 7316294800  # and the hundred after it: no id, time or port looks like these
MARKS = (WORD, str(NUMBER)[:-2])


def value(event: str) -> Any:
    """The sample of *event*, valid still, with a canary for every text and number."""
    return _changed(samples.value(event), "value", iter(range(NUMBER, NUMBER + 100)))


def values() -> dict[str, Any]:
    """One such value of each event."""
    return {event: value(event) for event in sorted(catalog.EVENTS)}


def _changed(item: Any, name: str, numbers) -> Any:
    if isinstance(item, dict):
        return {key: _changed(inner, key, numbers) for key, inner in item.items()}
    if isinstance(item, list):
        return [_changed(inner, name, numbers) for inner in item]
    if isinstance(item, str):
        mail = "@canary.example" if name == "email" else ""
        return f"{WORD}-{name}{mail}"
    # Yes and no cannot be recognised.
    return item if isinstance(item, bool) else next(numbers)


def found(said: bytes | str, *secrets: str) -> list[str]:
    """The canaries and *secrets* in *said*, each with the words around it."""
    text = said if isinstance(said, str) else said.decode(errors="replace")
    low = text.lower()
    hits = []
    for mark in (*MARKS, *secrets):
        at = low.find(mark.lower())
        if at >= 0:
            hits.append(f"{mark}: …{text[max(0, at - 150) : at + 80]}…")
    return hits
