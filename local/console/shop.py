"""The stand-in as the console shows it, and the ways it can be told to fail."""

from typing import Any

from local.commerce import StandIn
from local.commerce.faults import Faults

SHOWN = 20  # of each kind, the newest
MOST_TIMES = 1_000
WAYS = {
    "503": {"status": 503, "message": "Service temporarily unavailable"},
    "500": {"status": 500, "message": "Internal Error. Report ID: webapi-stand-in"},
    "429": {"status": 429, "headers": {"Retry-After": "5"}},
    "401": {"status": 401, "message": "The signature is invalid. Verify and try again"},
    "400": {"status": 400, "message": "Invalid data: told to refuse it"},
    "delay": {"delay_seconds": 5.0},
    "drop": {"drop": "before"},
    "lost": {"drop": "after"},
}


def shown(stand_in: StandIn) -> dict[str, Any]:
    """What is in the shop: counts, and the newest of each kind."""
    return stand_in.state(SHOWN)


def fail(faults: Faults, form: dict[str, str]) -> str:
    """Put a fault in force by *form*: ``way``, ``times`` (empty: until told).

    Returns:
        What was done, as a sentence.

    Raises:
        ValueError: it makes no sense.
    """
    way = WAYS.get(form.get("way", ""))
    if way is None:
        raise ValueError("choose how it shall fail")
    text = form.get("times", "").strip()
    if not text:
        times, how_often = None, "until told otherwise"
    elif text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_TIMES:
        times = int(text)
        how_often = "for the next call" if times == 1 else f"for {times} calls"
    else:
        raise ValueError(f"times is a number from 1 to {MOST_TIMES}, or nothing")
    # The first that matches applies: a new wish replaces the ones before.
    faults.remove()
    faults.add(times=times, **way)
    return f"Commerce will fail {how_often}."
