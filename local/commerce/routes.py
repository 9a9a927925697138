"""The routes of Commerce that the stand-in knows, and how a path finds one.

A path is split before it is decoded, as it came over the wire: ``%2F`` stays within a
SKU, a bare ``/`` divides it, and ``..`` walks up as web servers do (Q2).

A new route is one row in ``ROUTES``. Its operation is a function of ``Call`` that
returns the JSON document to answer with: ``Route("GET", "modules", lambda call:
["Magento_Store"])`` answers ``GET rest/V1/modules``. A path parameter is read with
``call.values["sku"]`` or ``call.number("id")``, a body with ``call.given("product")``.
"""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote, unquote_plus

from local.commerce import (
    customer,
    customer_group,
    order,
    product,
    shipment,
    stock,
    store,
)
from local.commerce.call import Operation
from local.commerce.errors import Refusal, unknown_route

ALL = "all"


class Route(NamedTuple):
    """One operation.

    Attributes:
        name: the path after ``V1/``, with parameters in braces.
        resource: the permission that Commerce requires, named in its 401.
    """

    method: str
    name: str
    operation: Operation
    resource: str = "Magento_Backend::admin"


ROUTES = (
    Route("POST", "products", product.create_or_update, "Magento_Catalog::products"),
    Route("GET", "products", product.find, "Magento_Catalog::products"),
    Route("GET", "products/{sku}", product.get, "Magento_Catalog::products"),
    Route(
        "PUT", "products/{sku}", product.update_or_create, "Magento_Catalog::products"
    ),
    Route("DELETE", "products/{sku}", product.delete, "Magento_Catalog::products"),
    Route("POST", "customers", customer.create, "Magento_Customer::manage"),
    Route("GET", "customers/search", customer.find, "Magento_Customer::customer"),
    Route("GET", "customers/{id}", customer.get, "Magento_Customer::customer"),
    Route("PUT", "customers/{id}", customer.update, "Magento_Customer::manage"),
    Route("DELETE", "customers/{id}", customer.delete, "Magento_Customer::delete"),
    Route("POST", "customerGroups", customer_group.create, "Magento_Customer::group"),
    Route(
        "GET", "customerGroups/search", customer_group.find, "Magento_Customer::group"
    ),
    Route(
        "PUT", "customerGroups/{id}", customer_group.update, "Magento_Customer::group"
    ),
    Route(
        "DELETE",
        "customerGroups/{id}",
        customer_group.delete,
        "Magento_Customer::group",
    ),
    Route("GET", "orders", order.find, "Magento_Sales::actions_view"),
    Route("GET", "orders/{id}", order.get, "Magento_Sales::actions_view"),
    Route("GET", "orders/{id}/comments", order.comments, "Magento_Sales::comment"),
    Route("POST", "orders/{id}/comments", order.comment, "Magento_Sales::comment"),
    Route("POST", "order/{orderId}/ship", shipment.ship, "Magento_Sales::ship"),
    Route("POST", "shipment", shipment.save, "Magento_Sales::shipment"),
    Route("POST", "shipment/track", shipment.add_track, "Magento_Sales::shipment"),
    Route("GET", "shipment/{id}", shipment.get, "Magento_Sales::shipment"),
    Route("GET", "shipments", shipment.find, "Magento_Sales::shipment"),
    Route("POST", "inventory/source-items", stock.save, "Magento_InventoryApi::source"),
    Route("GET", "inventory/source-items", stock.find, "Magento_InventoryApi::source"),
    Route("GET", "store/storeConfigs", store.configs, "Magento_Backend::store"),
)


class Place(NamedTuple):
    """What follows ``V1/``, undecoded, of a base and a scope."""

    saas: bool
    scope: str
    segments: tuple[str, ...]


def place(raw_path: str, headers: Mapping[str, str], tenant: str) -> Place:
    """Where a path leads (notes, "Base URL").

    Raises:
        Refusal: a page, since no REST is there; or an unknown store view.
    """
    segments = _walked(raw_path)
    if segments[:1] == ["rest"] and segments[1:2] == ["V1"]:
        return Place(False, "default", tuple(segments[2:]))
    if segments[:1] == ["rest"] and segments[2:3] == ["V1"]:
        return Place(False, _scope(segments[1]), tuple(segments[3:]))
    if segments[:2] == [tenant, "V1"]:
        scope = _scope(headers.get("store", "default"))
        return Place(True, scope, tuple(segments[2:]))
    if segments[:1] in (["rest"], [tenant]):
        raise unknown_route()
    raise Refusal(404, "", raw=PAGE)


PAGE = "<!doctype html><title>404 Not Found</title><h1>Not Found</h1>"


def find(method: str, segments: tuple[str, ...]) -> tuple[Route, dict[str, str]]:
    """The route for a path, and the decoded values of its places.

    Raises:
        Refusal: there is none.
    """
    for parts, route in _TABLE.get((method, len(segments)), ()):
        values = {}
        for part, segment in zip(parts, segments, strict=True):
            if part.startswith("{"):
                # PHP takes a plus for a blank (Q2).
                values[part[1:-1]] = unquote_plus(segment)
            elif part != segment:
                break
        else:
            return route, values
    raise unknown_route()


def _walked(raw_path: str) -> list[str]:
    """The segments, with "." and ".." followed and empty ones dropped."""
    walked: list[str] = []
    for segment in raw_path.split("/"):
        if unquote(segment) == "..":
            walked = walked[:-1]
        elif segment and unquote(segment) != ".":
            walked.append(segment)
    return walked


def _scope(code: str) -> str:
    if code != ALL and code not in store.VIEWS:
        raise unknown_route()
    return code


def _table() -> dict:
    table: dict[tuple[str, int], list] = {}
    # Plain words before places: customers/search is no customer.
    for route in sorted(ROUTES, key=lambda route: route.name.count("{")):
        parts = tuple(route.name.split("/"))
        table.setdefault((route.method, len(parts)), []).append((parts, route))
    return table


_TABLE = _table()
