"""Commerce's searches: criteria from the query, rows that meet them, pages of them.

notes, "Pagination" and "Input limits".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from local.commerce.call import Call, integer
from local.commerce.errors import Refusal, required
from local.commerce.things import comparable

LARGEST_PAGE = 300
DEFAULT_PAGE = 20
PLACE = re.compile(r"^search_?criteria((?:\[\w+\])+)$", re.I)


@dataclass
class Filter:
    """One condition on one field."""

    field: str = ""
    value: str = ""
    condition_type: str = "eq"


@dataclass
class Criteria:
    """All groups must hold, and of a group one filter."""

    groups: dict[str, dict[str, Filter]] = field(default_factory=dict)
    orders: dict[str, dict[str, str]] = field(default_factory=dict)
    page_size: int | None = None
    page: int = 1

    def wanted(self, name: str) -> str | None:
        """The value that field *name* must equal, when that is asked for."""
        for group in self.groups.values():
            filters = list(group.values())
            if len(filters) == 1 and filters[0].condition_type == "eq":
                if filters[0].field == name:
                    return filters[0].value
        return None

    def document(self) -> dict:
        """As an answer repeats it."""
        found: dict[str, Any] = {
            "filter_groups": [
                {"filters": [vars(f) for f in group.values()]}
                for group in self.groups.values()
            ]
        }
        if self.orders:
            found["sort_orders"] = list(self.orders.values())
        if self.page_size is not None:
            found |= {"page_size": self.page_size, "current_page": self.page}
        return found


def criteria(call: Call) -> Criteria:
    """What the query asks for.

    Raises:
        Refusal: nothing is asked, or too large a page.
    """
    found, seen = Criteria(), False
    for name, value in call.query:
        if name.lower() in ("searchcriteria", "search_criteria"):
            seen = True
        elif match := PLACE.match(name):
            seen = True
            _put(found, re.findall(r"\w+", match.group(1)), value)
    if not seen:
        raise required("searchCriteria")
    if call.rules.input_limits:
        if found.page_size is None:
            found.page_size = DEFAULT_PAGE
        if found.page_size > LARGEST_PAGE:
            raise Refusal(
                400, "Maximum SearchCriteria pageSize is %max", {"max": LARGEST_PAGE}
            )
    return found


def answer(rows: Iterable[dict], asked: Criteria) -> dict:
    """The page of *rows* that was asked for."""
    kept = [row for row in rows if _meets(row, asked)]
    for order in reversed(asked.orders.values()):
        kept.sort(
            key=lambda row, name=order["field"]: _comparable(row.get(name)),
            reverse=order.get("direction", "ASC").upper() == "DESC",
        )
    page = kept
    if asked.page_size:
        start = (max(asked.page, 1) - 1) * asked.page_size
        page = kept[start : start + asked.page_size]
    return {
        "items": page,
        "search_criteria": asked.document(),
        "total_count": len(kept),
    }


def only(document: Any, call: Call) -> Any:
    """*document*, or what the query's ``fields`` wants of it (``items[sku],id``)."""
    wanted = dict(call.query).get("fields")
    return document if wanted is None else _cut(document, _tree(wanted))


def _put(found: Criteria, keys: list[str], value: str) -> None:
    first = keys[0].replace("_", "").lower()
    if first == "pagesize":
        found.page_size = integer(value)
    elif first == "currentpage":
        found.page = integer(value)
    elif first == "sortorders" and len(keys) == 3:
        found.orders.setdefault(keys[1], {"field": ""})[keys[2].lower()] = value
    elif first == "filtergroups" and len(keys) == 5:
        group = found.groups.setdefault(keys[1], {})
        last = keys[4].lower()
        name = "condition_type" if last.startswith("condition") else last
        if name in Filter.__dataclass_fields__:
            setattr(group.setdefault(keys[3], Filter()), name, value)


def _meets(row: dict, asked: Criteria) -> bool:
    return all(
        any(_holds(row.get(f.field), f) for f in group.values())
        for group in asked.groups.values()
    )


def _holds(value: Any, wanted: Filter) -> bool:
    condition = wanted.condition_type
    if condition in ("null", "notnull"):
        return (value is None) == (condition == "null")
    if value is None:
        return False
    text, other = str(value), wanted.value
    if condition in ("in", "nin", "finset"):
        return (text in other.split(",")) == (condition != "nin")
    if condition == "like":
        pattern = re.escape(other).replace("%", ".*").replace("_", ".")
        return re.fullmatch(pattern, text, re.I | re.S) is not None
    if condition in ("eq", "neq"):
        return (comparable(text) == comparable(other)) == (condition == "eq")
    ours, theirs = _comparable(value), _comparable(other)
    if condition in ("gt", "gteq", "from", "moreq"):
        return ours > theirs or (condition != "gt" and ours == theirs)
    if condition in ("lt", "lteq", "to"):
        return ours < theirs or (condition != "lt" and ours == theirs)
    return False


def _comparable(value: Any) -> tuple:
    try:
        return (0, float(value), "")
    except (TypeError, ValueError):
        return (1, 0.0, "" if value is None else str(value))


def _tree(text: str) -> dict:
    root: dict = {}
    stack, name = [root], ""
    for character in text + ",":
        if character in ",[]":
            if name:
                inner = stack[-1].setdefault(name.strip(), {})
                if character == "[":
                    stack.append(inner)
            if character == "]" and len(stack) > 1:
                stack.pop()
            name = ""
        else:
            name += character
    return root


def _cut(document: Any, wanted: dict) -> Any:
    if not wanted:
        return document
    if isinstance(document, list):
        return [_cut(item, wanted) for item in document]
    if isinstance(document, dict):
        kept = {
            name: _cut(document[name], inner)
            for name, inner in wanted.items()
            if name in document
        }
        return kept or []  # PHP writes an empty array of any kind as []
    return document
