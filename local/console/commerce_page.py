"""The Commerce page: what the stand-in holds, and the faults it can simulate."""

from typing import Any

from local.commerce import StandIn
from local.commerce.faults import Faults

MAX_SHOWN = 20  # of each kind, the newest
MAX_CALLS = 1_000
SETTINGS = {"None": "always", "True": "on", "False": "off"}  # of a behaviour
FAULTS = {
    "503": {"status": 503, "message": "Service temporarily unavailable"},
    "500": {"status": 500, "message": "Internal Error. Report ID: webapi-stand-in"},
    "429": {"status": 429, "headers": {"Retry-After": "5"}},
    "401": {"status": 401, "message": "The signature is invalid. Verify and try again"},
    "400": {"status": 400, "message": "Invalid data: rejected by a simulated fault"},
    "delay": {"delay_seconds": 5.0},
    "drop": {"drop": "before"},
    "lost": {"drop": "after"},
}


def content(stand_in: StandIn) -> dict[str, Any]:
    """What the stand-in holds: counts, and the newest of each kind; its behaviours."""
    behaviours = [
        {**one, "setting": SETTINGS.get(str(one["setting"]), one["setting"])}
        for one in stand_in.behaviours()
    ]
    return {
        **stand_in.state(MAX_SHOWN),
        "behaviours": behaviours,
        "deliveries": vars(stand_in.switches),
    }


def add_fault(faults: Faults, form: dict[str, str], name: str = "Commerce") -> str:
    """Simulate the fault of a form: ``fault``, ``calls`` (empty: until switched off).

    Returns:
        A sentence for the operator.

    Raises:
        ValueError: the form is invalid; the text says how.
    """
    fault = FAULTS.get(form.get("fault", ""))
    if fault is None:
        raise ValueError("choose a fault")
    text = form.get("calls", "").strip()
    if not text:
        calls, duration = None, "until switched off"
    elif text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_CALLS:
        calls = int(text)
        duration = "for the next call" if calls == 1 else f"for {calls} calls"
    else:
        raise ValueError(f"calls must be a number from 1 to {MAX_CALLS}, or empty")
    # The first fault that matches applies, so the new one replaces the others.
    faults.remove()
    faults.add(times=calls, **fault)
    return f"{name} fails {duration}."
