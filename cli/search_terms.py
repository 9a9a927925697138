"""The identifiers in a payload by which an event is searched."""

import json
import re
from itertools import islice

from functions.events.catalog import EVENTS

# The fields that identify a resource, and those that refer to one.
FIELDS = {event.key for event in EVENTS.values()} | {"sku", "email", "orderId"}
MAX_TERMS = 200  # of one payload: a stock update may name thousands of SKUs
# Searched as text, so that a payload that was cut, or is no JSON, has identifiers too.
IDENTIFIER = re.compile(
    rf'"(?:{"|".join(sorted(FIELDS))})"\s*:\s*("(?:[^"\\]|\\.)*"|[0-9]+)'
)


def search_terms(payload: str) -> str:
    """The identifiers in *payload*, in lower case, one a line; "" without one.

    Each line, also the first and the last, is between two line feeds.
    """
    values = (match[1] for match in islice(IDENTIFIER.finditer(payload), MAX_TERMS))
    lines = dict.fromkeys(_text(value) for value in values)
    return "\n".join(["", *lines, ""]) if lines else ""


def term_matches(text: str, uid: str, terms: str) -> bool:
    """Whether *text* is a part of *uid*, or of one of *terms*; a number a whole one."""
    text = text.casefold()
    if text in uid.casefold():
        return True
    return (f"\n{text}\n" if text.isdecimal() else text) in terms


def _text(value: str) -> str:
    if "\\" in value:
        try:
            value = str(json.loads(value))
        except ValueError:  # an escape that JSON does not have
            pass
    return value.strip('"').replace("\n", " ").casefold()
