"""The table of events in ``docs/commerce.md``, from the handlers' docstrings."""

import inspect
from pathlib import Path

from functions.events.catalog import INBOUND_EVENTS, MARKER
from functions.handlers import dispatch
from tools.docs.marked_tables import replace_table

PAGE = Path(__file__).resolve().parents[2] / "docs/commerce.md"
CALLS = "Calls: "
REPEATED = "Idempotence: "
NOT_IDEMPOTENT = "Not idempotent. "


def document() -> str:
    """The page, with its table generated anew."""
    rows = ["| event (`be-observer.…`) | calls | second call |", "|---|---|---|"]
    for name, event in INBOUND_EVENTS.items():
        docstring = inspect.getdoc(dispatch(event)) or ""
        calls, repeated = _parts(docstring)
        rows.append(f"| `{name.rpartition(MARKER)[2]}` | {calls} | {repeated} |")
    return replace_table(PAGE.read_text(), "events", "\n".join(rows))


def _parts(docstring: str) -> tuple[str, str]:
    """The calls, and what a second call does."""
    calls = repeated = "see the handler"
    for paragraph in docstring.split("\n\n"):
        text = " ".join(paragraph.split()).removesuffix(".")
        if text.startswith(CALLS):
            calls = text.removeprefix(CALLS)
        elif text.startswith(REPEATED):
            repeated = text.removeprefix(REPEATED)
        elif text.startswith(NOT_IDEMPOTENT):
            rest = text.removeprefix(NOT_IDEMPOTENT)
            repeated = f"not idempotent: {rest[:1].lower()}{rest[1:]}"
    return calls, repeated
