"""Commerce's searches: criteria from the query, matching rows, pages, ``fields=``."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from local.commerce.call import Call, integer
from local.commerce.entity_store import comparable
from local.commerce.errors import CommerceError, required

MAX_PAGE_SIZE = 300
DEFAULT_PAGE_SIZE = 20
PARAMETER = re.compile(r"^search_?criteria((?:\[\w+\])*)$", re.I)


class NotSimulated(Exception):
    """A search that Commerce supports and the stand-in does not; answered 500."""


@dataclass
class Filter:
    """One condition on one field."""

    field: str = ""
    value: str = ""
    condition_type: str = "eq"


@dataclass
class Criteria:
    """All groups must match, and of each group one filter."""

    groups: dict[str, dict[str, Filter]] = field(default_factory=dict)
    orders: dict[str, dict[str, str]] = field(default_factory=dict)
    page_size: int | None = None
    page: int = 1

    def required_value(self, name: str) -> str | None:
        """The value that the field *name* must equal, if any."""
        for group in self.groups.values():
            filters = list(group.values())
            if len(filters) == 1 and filters[0].condition_type == "eq":
                if filters[0].field == name:
                    return filters[0].value
        return None

    def document(self) -> dict:
        """The criteria as a response repeats them."""
        document: dict[str, Any] = {
            "filter_groups": [
                {"filters": [vars(each) for each in group.values()]}
                for group in self.groups.values()
            ]
        }
        if self.orders:
            document["sort_orders"] = list(self.orders.values())
        if self.page_size is not None:
            document |= {"page_size": self.page_size, "current_page": self.page}
        return document


def criteria_of(call: Call) -> Criteria:
    """The criteria in the query.

    Raises:
        CommerceError: there are none, or the page is too large.
    """
    criteria, is_search = Criteria(), False
    for name, value in call.query:
        if match := PARAMETER.match(name):
            is_search = True
            _set_criterion(criteria, re.findall(r"\w+", match.group(1)), value)
    if not is_search:
        raise required("searchCriteria")
    if call.switches.input_limits:
        if criteria.page_size is None:
            criteria.page_size = DEFAULT_PAGE_SIZE
        if criteria.page_size > MAX_PAGE_SIZE:
            raise CommerceError(
                400, "Maximum SearchCriteria pageSize is %max", {"max": MAX_PAGE_SIZE}
            )
    return criteria


def page_of(rows: Iterable[dict], criteria: Criteria) -> dict:
    """The response: the requested page of the *rows* that match."""
    matching = [row for row in rows if _matches(row, criteria)]
    for order in reversed(criteria.orders.values()):
        matching.sort(
            key=lambda row, name=order["field"]: _sort_key(row.get(name)),
            reverse=order.get("direction", "ASC").upper() == "DESC",
        )
    items = matching
    if criteria.page_size:
        start = (max(criteria.page, 1) - 1) * criteria.page_size
        items = matching[start : start + criteria.page_size]
    return {
        "items": items,
        "search_criteria": criteria.document(),
        "total_count": len(matching),
    }


def select_fields(document: Any, call: Call) -> Any:
    """*document*, or the part that the query's ``fields`` names (``items[sku],id``)."""
    fields = dict(call.query).get("fields")
    return document if fields is None else _selected(document, _field_tree(fields))


def _set_criterion(criteria: Criteria, keys: list[str], value: str) -> None:
    first = keys[0].replace("_", "").lower() if keys else ""
    if first == "pagesize":
        criteria.page_size = integer(value)
    elif first == "currentpage":
        criteria.page = integer(value)
    elif first == "sortorders" and len(keys) == 3:
        criteria.orders.setdefault(keys[1], {"field": ""})[keys[2].lower()] = value
    elif first == "filtergroups" and len(keys) == 5:
        group = criteria.groups.setdefault(keys[1], {})
        last = keys[4].lower()
        name = "condition_type" if last.startswith("condition") else last
        if name in Filter.__dataclass_fields__:
            setattr(group.setdefault(keys[3], Filter()), name, value)


def _matches(row: dict, criteria: Criteria) -> bool:
    return all(
        any(_satisfies(row.get(each.field), each) for each in group.values())
        for group in criteria.groups.values()
    )


def _satisfies(value: Any, condition: Filter) -> bool:
    kind = condition.condition_type
    if value is None or kind in ("null", "notnull"):
        return kind == ("null" if value is None else "notnull")
    try:
        return CONDITIONS[kind](value, condition.value)
    except KeyError:
        raise NotSimulated(f"The condition {kind} is not simulated") from None


def _is_like(value: Any, pattern: str) -> bool:
    expression = re.escape(pattern).replace("%", ".*").replace("_", ".")
    return re.fullmatch(expression, str(value), re.I | re.S) is not None


def _sort_key(value: Any) -> tuple:
    try:
        return (0, float(value), "")
    except (TypeError, ValueError):
        return (1, 0.0, "" if value is None else str(value))


def _field_tree(text: str) -> dict:
    """``items[sku],id`` as ``{"items": {"sku": {}}, "id": {}}``."""
    root: dict = {}
    stack, name = [root], ""
    for character in text + ",":
        if character not in ",[]":
            name += character
            continue
        if name:
            inner = stack[-1].setdefault(name.strip(), {})
            if character == "[":
                stack.append(inner)
        if character == "]" and len(stack) > 1:
            stack.pop()
        name = ""
    return root


def _selected(document: Any, tree: dict) -> Any:
    if not tree:
        return document
    if isinstance(document, list):
        return [_selected(item, tree) for item in document]
    if isinstance(document, dict):
        part = {
            name: _selected(document[name], inner)
            for name, inner in tree.items()
            if name in document
        }
        return part or []  # PHP encodes an empty array of any kind as []
    return document


CONDITIONS: dict[str, Callable[[Any, str], bool]] = {
    "eq": lambda value, other: comparable(str(value)) == comparable(other),
    "neq": lambda value, other: comparable(str(value)) != comparable(other),
    "in": lambda value, other: str(value) in other.split(","),
    "nin": lambda value, other: str(value) not in other.split(","),
    "like": _is_like,
    "gt": lambda value, other: _sort_key(value) > _sort_key(other),
    "gteq": lambda value, other: _sort_key(value) >= _sort_key(other),
    "lt": lambda value, other: _sort_key(value) < _sort_key(other),
    "lteq": lambda value, other: _sort_key(value) <= _sort_key(other),
}
