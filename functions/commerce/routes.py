"""Routes: templates with values beside them, made into paths and queries."""

import re
from typing import Any
from urllib.parse import quote, urlencode

from functions.commerce.errors import Rejected

PLACE = re.compile(r"\{(\w+)\}")


def filled(route: str, values: dict[str, Any]) -> str:
    """*route* with every value in it percent-encoded.

    Raises:
        Rejected: a value is empty, ``.`` or ``..``, which would name another route.
    """

    def place(match: re.Match) -> str:
        name = match.group(1)
        value = str(values[name])
        if value in ("", ".", ".."):
            raise Rejected(400, f"The {name} cannot be part of a URL")
        return escaped(value)

    return PLACE.sub(place, route) if values else route


def escaped(value: str) -> str:
    """*value* as one segment of a path: all but A-Z a-z 0-9 - . _ ~ is encoded.

    Raises:
        Rejected: it holds half a surrogate pair.
    """
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise Rejected(400, "A value cannot be part of a URL") from None


def needs_encoding(value: str) -> bool:
    """Whether *value* needs percent-encoding in a path.

    Commerce signs such a path otherwise than RFC 5849 says (magento2#37278, #37913).
    """
    return escaped(value) != value


def query_text(query: dict[str, Any]) -> str:
    """*query* as it stands in a URL, blanks as %20 (OAuth 1.0a knows no +)."""
    return urlencode(query, quote_via=quote, safe="")


def search(*filters: tuple[str, Any, str], **more: Any) -> dict[str, Any]:
    """A query for Commerce's search: all of *filters* must hold.

    Args:
        filters: field, value, condition (``eq``, ``gteq``, …).
        more: ``page_size``, ``newest_by`` (a field to sort by, descending), ``only``
            (what of the answer is wanted, like ``items[sku]``).
    """
    query: dict[str, Any] = {}
    for number, (name, value, condition) in enumerate(filters):
        place = f"searchCriteria[filterGroups][{number}][filters][0]"
        query[f"{place}[field]"] = name
        query[f"{place}[value]"] = value
        query[f"{place}[conditionType]"] = condition
    if "newest_by" in more:
        query["searchCriteria[sortOrders][0][field]"] = more["newest_by"]
        query["searchCriteria[sortOrders][0][direction]"] = "DESC"
    if "page_size" in more:
        query["searchCriteria[pageSize]"] = more["page_size"]
    if "only" in more:
        query["fields"] = more["only"]
    return query
