"""Routes: templates whose values are filled in separately, percent-encoded."""

import re
from typing import Any
from urllib.parse import quote, urlencode

from functions.errors import Rejected

PATH_PARAMETER = re.compile(r"\{(\w+)\}")


def fill_path(route: str, values: dict[str, Any]) -> str:
    """*route* with every value percent-encoded.

    Raises:
        Rejected: a value is empty, ``.`` or ``..``, which would address another route.
    """

    def encode_value(match: re.Match[str]) -> str:
        name = match.group(1)
        value = str(values[name])
        if value in ("", ".", ".."):
            raise Rejected(400, f"The {name} cannot be part of a URL")
        return encode_segment(value)

    return PATH_PARAMETER.sub(encode_value, route) if values else route


def encode_segment(value: str) -> str:
    """*value* as one path segment: all but A-Z a-z 0-9 - . _ ~ is percent-encoded.

    Raises:
        Rejected: it contains a lone surrogate.
    """
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise Rejected(400, "A value cannot be part of a URL") from None


def needs_encoding(value: str) -> bool:
    """Whether *value* must be percent-encoded in a path.

    Commerce computes the signature of such a path in another way than RFC 5849
    (magento2#37278, #37913).
    """
    return encode_segment(value) != value


def encode_query(query: dict[str, Any]) -> str:
    """*query* as part of a URL, blanks as %20 (OAuth 1.0a does not know ``+``)."""
    return urlencode(query, quote_via=quote, safe="")


def search_query(
    *filters: tuple[str, Any, str],
    page_size: int | None = None,
    newest_by: str | None = None,
    fields: str | None = None,
) -> dict[str, Any]:
    """A query for Commerce's search endpoints; all *filters* must hold.

    Args:
        filters: field, value and condition (``eq``, ``gteq``, …).
        newest_by: field to sort by, descending.
        fields: the part of the response that is wanted, like ``items[sku]``.
    """
    query: dict[str, Any] = {}
    for number, (name, value, condition) in enumerate(filters):
        prefix = f"searchCriteria[filterGroups][{number}][filters][0]"
        query[f"{prefix}[field]"] = name
        query[f"{prefix}[value]"] = value
        query[f"{prefix}[conditionType]"] = condition
    if newest_by is not None:
        query["searchCriteria[sortOrders][0][field]"] = newest_by
        query["searchCriteria[sortOrders][0][direction]"] = "DESC"
    if page_size is not None:
        query["searchCriteria[pageSize]"] = page_size
    if fields is not None:
        query["fields"] = fields
    return query
