"""Look-ups that show whether Commerce itself answered a request.

A look-up of a single entity is a search, which Commerce answers with an object that has
``items``, whether the entity exists or not.
"""

from typing import Any, NamedTuple

from functions.commerce.routes import search_query

# It changes nothing, and its path needs no encoding. It has an answer at every store.
PROBE_ROUTE = "store/storeConfigs"
PROBE_FIELDS = {"fields": "code"}

# Route without placeholders, and of its search: path, field, what is asked for.
SEARCHES = {
    "products": ("products", "sku", "items[sku]"),
    "customers": ("customers/search", "entity_id", "items[id]"),
    "customerGroups": ("customerGroups/search", "id", "items[id]"),
}


class LookUp(NamedTuple):
    """A request that only Commerce itself answers in the expected form.

    Attributes:
        is_search: it asks for one entity, instead of the stores' configurations.
    """

    path: str
    query: dict[str, Any]
    is_search: bool


def look_up(route: str, values: dict[str, Any]) -> LookUp:
    """The look-up for a request to *route* with *values*."""
    collection, _, rest = route.partition("/")
    if collection in SEARCHES and rest.startswith("{") and len(values) == 1:
        path, field, fields = SEARCHES[collection]
        (value,) = values.values()
        query = search_query((field, value, "eq"), page_size=1, fields=fields)
        return LookUp(path, query, True)
    return LookUp(PROBE_ROUTE, PROBE_FIELDS, False)


def entity_exists(asked: LookUp, document: Any) -> bool | None:
    """Whether the look-up found the entity; None when Commerce did not answer it.

    The stores' configurations confirm that Commerce answers, and count as True.

    Args:
        document: the JSON of a successful response.
    """
    if not asked.is_search:
        listed = isinstance(document, list) and bool(document)
        return True if listed and isinstance(document[0], dict) else None
    if document == []:  # PHP's empty object
        return False
    if isinstance(document, dict) and "items" in document:
        return bool(document["items"])
    return None
