"""The routes of Commerce that the stand-in has, and how a path leads to one.

To add a route, add a row to ``ROUTES``. Its operation is a function that takes a
``Call`` and returns the JSON document of the response. For example::

    Route("GET", "modules", lambda call: ["Magento_Store"]),

answers ``GET rest/<scope>/V1/modules``. A path parameter ``{sku}`` is
``call.values["sku"]``, an object of the body is ``call.body_object("product")``, and an
error is raised as ``CommerceError(400, "message %1", ["parameter"])``.
"""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote, unquote_plus

from local.commerce import (
    customer,
    customer_group,
    eventing,
    order,
    product,
    shipment,
    stock,
    store_views,
)
from local.commerce.call import Operation
from local.commerce.errors import CommerceError, unknown_route

NOT_FOUND_PAGE = "<!doctype html><title>404 Not Found</title><h1>Not Found</h1>"
CATALOG = "Magento_Catalog::products"
CUSTOMER = "Magento_Customer::manage"
GROUP = "Magento_Customer::group"
SHIPMENT = "Magento_Sales::shipment"
SOURCE_ITEMS = "Magento_InventoryApi::source"
CLIENT = "Magento_AdobeCommerceEventsClient"
IO_CLIENT = "Magento_AdobeIoEventsClient"


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
    Route("POST", "products", product.post, CATALOG),
    Route("GET", "products", product.search_products, CATALOG),
    Route("GET", "products/{sku}", product.get, CATALOG),
    Route("PUT", "products/{sku}", product.put, CATALOG),
    Route("DELETE", "products/{sku}", product.delete, CATALOG),
    Route("POST", "customers", customer.create, CUSTOMER),
    Route("GET", "customers/search", customer.search_customers, CUSTOMER),
    Route("GET", "customers/{id}", customer.get, CUSTOMER),
    Route("PUT", "customers/{id}", customer.update, CUSTOMER),
    Route("DELETE", "customers/{id}", customer.delete, CUSTOMER),
    Route("POST", "customerGroups", customer_group.create, GROUP),
    Route("GET", "customerGroups/search", customer_group.search_groups, GROUP),
    Route("PUT", "customerGroups/{id}", customer_group.update, GROUP),
    Route("DELETE", "customerGroups/{id}", customer_group.delete, GROUP),
    Route("GET", "orders", order.search_orders, "Magento_Sales::actions_view"),
    Route("GET", "orders/{id}", order.get, "Magento_Sales::actions_view"),
    Route("GET", "orders/{id}/comments", order.list_comments, "Magento_Sales::comment"),
    Route("POST", "orders/{id}/comments", order.add_comment, "Magento_Sales::comment"),
    Route("POST", "order/{orderId}/ship", shipment.ship, "Magento_Sales::ship"),
    Route("POST", "shipment", shipment.save, SHIPMENT),
    Route("GET", "shipment/{id}", shipment.get, SHIPMENT),
    Route("GET", "shipments", shipment.search_shipments, SHIPMENT),
    Route("POST", "inventory/source-items", stock.save, SOURCE_ITEMS),
    Route("GET", "inventory/source-items", stock.search_source_items, SOURCE_ITEMS),
    Route("GET", "store/storeConfigs", store_views.list_configurations),
    Route(
        "GET",
        "eventing/eventProvider",
        eventing.list_providers,
        f"{IO_CLIENT}::event_provider_list",
    ),
    Route(
        "PUT",
        "eventing/updateConfiguration",
        eventing.update_configuration,
        f"{IO_CLIENT}::configuration_update",
    ),
    Route(
        "GET",
        "eventing/getEventSubscriptions",
        eventing.list_subscriptions,
        f"{CLIENT}::event_subscriptions",
    ),
    Route(
        "POST",
        "eventing/eventSubscribe",
        eventing.subscribe,
        f"{CLIENT}::event_subscribe",
    ),
    Route(
        "POST",
        "eventing/eventUnsubscribe/{name}",
        eventing.unsubscribe,
        f"{CLIENT}::event_unsubscribe",
    ),
)


class Location(NamedTuple):
    """A path taken apart.

    Attributes:
        segments: what follows ``V1/``, undecoded.
    """

    saas: bool
    scope: str
    segments: tuple[str, ...]


def locate(path: str, headers: Mapping[str, str], tenant: str) -> Location:
    """Take an undecoded path apart.

    Raises:
        CommerceError: no REST interface is there, or no such store view.
    """
    segments = _normalized(path)
    if segments[:2] == ["rest", "V1"]:
        return Location(False, "default", tuple(segments[2:]))
    if segments[:1] == ["rest"] and segments[2:3] == ["V1"]:
        return Location(False, _scope(segments[1]), tuple(segments[3:]))
    if segments[:2] == [tenant, "V1"]:
        scope = _scope(headers.get("store", "default"))
        return Location(True, scope, tuple(segments[2:]))
    if segments[:1] in (["rest"], [tenant]):
        raise unknown_route()
    raise CommerceError(404, "", body=NOT_FOUND_PAGE)


def match(method: str, segments: tuple[str, ...]) -> tuple[Route, dict[str, str]]:
    """The route of a path, and the decoded values of its parameters.

    The path is split before it is decoded: ``%2F`` stays within a SKU.

    Raises:
        CommerceError: there is no such route.
    """
    for parts, route in _TABLE.get((method, len(segments)), ()):
        values = {}
        for part, segment in zip(parts, segments, strict=True):
            if part.startswith("{"):
                values[part[1:-1]] = unquote_plus(segment)  # PHP: a plus is a blank
            elif part != segment:
                break
        else:
            return route, values
    raise unknown_route()


def _normalized(path: str) -> list[str]:
    """The segments as web servers see them: without empty ones, "." and ".."."""
    segments: list[str] = []
    for segment in path.split("/"):
        if unquote(segment) == "..":
            segments = segments[:-1]
        elif segment and unquote(segment) != ".":
            segments.append(segment)
    return segments


def _scope(code: str) -> str:
    if code != store_views.ALL and code not in store_views.VIEWS:
        raise unknown_route()
    return code


def _by_method_and_length() -> dict[tuple[str, int], list]:
    table: dict[tuple[str, int], list] = {}
    # Literal segments before parameters: customers/search is not a customer.
    for route in sorted(ROUTES, key=lambda route: route.name.count("{")):
        parts = tuple(route.name.split("/"))
        table.setdefault((route.method, len(parts)), []).append((parts, route))
    return table


_TABLE = _by_method_and_length()
