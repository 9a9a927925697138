"""Calls to the Commerce stand-in with the responses that they must get."""

from typing import Any, NamedTuple

PRODUCT = {"sku": "LAMP-1", "name": "Lamp", "price": 1}
CUSTOMER = {"email": "ada@example.com", "firstname": "Ada", "lastname": "Bauer"}
STOCK = {"sku": "LAMP-1", "source_code": "default", "quantity": 4, "status": 1}
COMMENT = {"comment": "Packed", "is_customer_notified": 0, "is_visible_on_front": 1}
TRACK = {"track_number": "JD1", "title": "Parcel", "carrier_code": "custom"}
GENERAL = {"code": "General", "tax_class_id": 3, "tax_class_name": "Retail Customer"}
SOURCE_ITEM = "Magento\\InventoryApi\\Api\\Data\\SourceItemInterface"
GROUP_CLASS = "Magento\\Customer\\Api\\Data\\GroupInterface"

NO_ENTITY = "No such entity with %fieldName = %fieldValue"
NO_ORDER = (
    "The entity that was requested doesn't exist. Verify the entity and try again."
)
NO_PRODUCT = (
    "The product that was requested doesn't exist. Verify the product and try again."
)
NO_ROUTE = "Request does not match any route."
REQUIRED = '"%fieldName" is required. Enter and try again.'
EMPTY = 'The "%1" attribute value is empty. Set the attribute and try again.'
ACCESSOR = 'Property "%1" does not have accessor method "%2" in class "%3".'
WRONG_TYPE = (
    'The "%value" value\'s type is invalid. The "%type" type was expected.'
    " Verify and try again."
)
FILTER = "searchCriteria%5BfilterGroups%5D%5B0%5D%5Bfilters%5D%5B0%5D"
SHIPMENT = "Shipment Document Validation Error(s):\n"
NO_PRODUCTS = "\nYou can't create a shipment without products."


def product(**changes: Any) -> dict:
    """The body of POST products."""
    return {"product": {**PRODUCT, **changes}}


def customer(**changes: Any) -> dict:
    """The body of POST customers."""
    return {"customer": {**CUSTOMER, **changes}}


def group(**fields: Any) -> dict:
    """The body of POST customerGroups."""
    return {"group": fields}


def stock(**changes: Any) -> dict:
    """The body of POST inventory/source-items, with one row."""
    return {"sourceItems": [{**STOCK, **changes}]}


def comment(**changes: Any) -> dict:
    """The body of POST orders/{id}/comments."""
    return {"statusHistory": {**COMMENT, "status": "processing", **changes}}


def ship(*items: tuple[int, float], **more: Any) -> dict:
    """The body of POST order/{orderId}/ship, with pairs of item and quantity."""
    rows = [{"order_item_id": item, "qty": quantity} for item, quantity in items]
    return {"items": rows, **more}


def find(path: str, field: str, value: Any) -> str:
    """A search for entities whose *field* equals *value*."""
    return f"{path}?{FILTER}%5Bfield%5D={field}&{FILTER}%5Bvalue%5D={value}"


class Case(NamedTuple):
    """A call and its response.

    Attributes:
        expected: the document; of a larger object, the part that must be so.
    """

    method: str
    path: str
    body: Any
    status: int
    expected: Any


def success(call: str, body: Any, expected: Any) -> Case:
    """A call, like ``GET orders/8``, that succeeds."""
    return Case(*call.split(" "), body, 200, expected)


def error(
    call: str, body: Any, message: str, parameters: Any = None, status: int = 400
) -> Case:
    """A call that gets Commerce's error."""
    expected = {"message": message}
    if parameters is not None:
        expected["parameters"] = parameters
    return Case(*call.split(" "), body, status, expected)


def missing(call: str, field: str, value: Any, body: Any = None) -> Case:
    """A call that refers to an entity that does not exist."""
    parameters = {"fieldName": field, "fieldValue": value}
    return error(call, body, NO_ENTITY, parameters, 404)


def case_id(case: Case) -> str:
    """The id of a parametrised test."""
    text = case.expected.get("message", "") if isinstance(case.expected, dict) else ""
    return f"{case.method} {case.path.partition('?')[0]} {text}".strip()[:60]


SUCCESSES = [
    success("POST products", product(), {"sku": "LAMP-1", "id": 101}),
    success("PUT products/NEW", product(sku="NEW"), {"sku": "NEW", "price": 1}),
    success("DELETE products/STANDIN-LAMP", None, True),
    success("GET products/standin-lamp", None, {"sku": "STANDIN-LAMP", "price": 25}),
    success(f"GET {find('products', 'sku', 'STANDIN-LAMP')}", None, {"total_count": 1}),
    success("POST customers", customer(), {**CUSTOMER, "id": 101, "group_id": 1}),
    success("PUT customers/3", customer(), {**CUSTOMER, "id": 3}),
    success("DELETE customers/3", None, True),
    success("GET customers/3", None, {"id": 3, "email": "customer-3@example.com"}),
    success(
        f"GET {find('customers/search', 'email', 'customer-3%40example.com')}",
        None,
        {"total_count": 1},
    ),
    success(
        "POST customerGroups",
        group(code="Trade", tax_class_id=3),
        {**GENERAL, "id": 101, "code": "Trade"},
    ),
    success(
        "PUT customerGroups/2",
        group(id=2, code="Whole", tax_class_id=2),
        {"id": 2, "code": "Whole"},
    ),
    success("DELETE customerGroups/2", None, True),
    success(
        f"GET {find('customerGroups/search', 'code', 'General')}",
        None,
        {"items": [{"id": 1, **GENERAL}]},
    ),
    success("POST orders/8/comments", comment(), True),
    success("GET orders/8/comments", None, {"items": [], "total_count": 0}),
    success("GET orders/8?fields=status", None, {"status": "processing"}),
    success(f"GET {find('orders', 'entity_id', 8)}", None, {"total_count": 1}),
    success("POST order/8/ship", ship((8, 1), tracks=[TRACK]), 101),
    success(
        "POST shipment",
        {"entity": {"entity_id": 33, "order_id": 8, "comments": [COMMENT]}},
        {"entity_id": 33, "order_id": 8},
    ),
    success("GET shipment/33", None, {"entity_id": 33, "order_id": 8, "total_qty": 1}),
    success(f"GET {find('shipments', 'order_id', 8)}", None, {"total_count": 1}),
    success("POST inventory/source-items", stock(), []),
    success(
        f"GET {find('inventory/source-items', 'sku', 'STANDIN-LAMP')}",
        None,
        {"total_count": 2},
    ),
    success(
        "GET store/storeConfigs?fields=code",
        None,
        [{"code": "default"}, {"code": "second"}],
    ),
]

ERRORS = [
    error("GET products/NONE", None, NO_PRODUCT, status=404),
    error("DELETE products/NONE", None, NO_PRODUCT, status=404),
    error("POST products", {}, REQUIRED, {"fieldName": "product"}),
    error("POST products", product(sku=" "), EMPTY, ["SKU"]),
    error(
        "POST products",
        product(sku="x" * 65),
        "SKU length should be %1 characters maximum.",
        [64],
    ),
    error("POST products", product(name=""), EMPTY, ["Product Name"]),
    error("POST products", product(price=None), EMPTY, ["Price"]),
    error(
        "POST products",
        product(price=-1),
        'The value "%1" of attribute "%2" must not be negative.',
        [-1, "price"],
    ),
    error(
        "POST products",
        product(price="much"),
        WRONG_TYPE,
        {"value": "much", "type": "float"},
    ),
    error(
        "POST products",
        product(custom_attributes=[{"value": "x"}]),
        "A custom attribute is specified without an attribute code.",
    ),
    error(
        "POST products",
        product(custom_attributes=[{"attribute_code": "x"}]),
        'Value is not set for attribute code "x"',
    ),
    error(
        "POST customers",
        customer(email="Customer-3@example.com"),
        "A customer with the same email address already exists in an associated"
        " website.",
    ),
    error(
        "POST customers", customer(firstname=""), REQUIRED, {"fieldName": "firstname"}
    ),
    error(
        "POST customers",
        customer(email="ada"),
        '"%1" is not a valid email address.',
        ["Email"],
    ),
    missing("POST customers", "websiteId", 9, customer(website_id=9)),
    missing("POST customers", "groupId", 9, customer(group_id=9)),
    missing("GET customers/999", "customerId", 999),
    missing("PUT customers/999", "customerId", 999, customer()),
    missing("DELETE customers/999", "customerId", 999),
    error("GET customers/1.5", None, WRONG_TYPE, {"value": "1.5", "type": "int"}),
    error(
        "POST customerGroups", group(code="General"), "Customer Group already exists."
    ),
    error(
        "POST customerGroups", group(tax_class_id=3), REQUIRED, {"fieldName": "code"}
    ),
    error(
        "POST customerGroups",
        group(code="x", tax_class_id=77),
        'Invalid value of "%value" provided for the %fieldName field.',
        {"fieldName": "taxClassId", "value": 77},
    ),
    error(
        "POST customerGroups",
        group(code="x", tax_class=3),
        ACCESSOR,
        ["TaxClass", "getTaxClass", GROUP_CLASS],
    ),
    missing("PUT customerGroups/999", "id", 999, group(code="x")),
    missing("DELETE customerGroups/999", "id", 999),
    error("DELETE customerGroups/1", None, "Cannot delete group."),
    error("GET orders/999", None, NO_ORDER, status=404),
    error("GET orders/999/comments", None, NO_ORDER, status=404),
    error("POST orders/999/comments", comment(), NO_ORDER, status=404),
    error(
        "POST orders/8/comments",
        {"comment": "x"},
        REQUIRED,
        {"fieldName": "statusHistory"},
    ),
    error(
        "POST orders/8/comments",
        comment(comment=None),
        REQUIRED,
        {"fieldName": "comment"},
    ),
    error(
        "POST orders/8/comments",
        comment(status="complete"),
        'Unable to add comment: The status "%1" is not part of the order status'
        " history.",
        ["complete"],
    ),
    error("POST order/999/ship", ship(), NO_ORDER, status=404),
    error(
        "POST order/8/ship",
        ship((8, 1_000)),
        f"{SHIPMENT}The quantity to ship must not be greater than the unshipped"
        f' quantity for product SKU "STANDIN-TABLE".{NO_PRODUCTS}',
    ),
    error(
        "POST order/8/ship",
        ship((9, 1)),
        f'{SHIPMENT}The shipment contains product SKU "" that is not part of the'
        f" original order.{NO_PRODUCTS}",
    ),
    error(
        "POST order/8/ship",
        ship((8, 1), tracks=[{"track_number": "1", "title": "x"}]),
        f'{SHIPMENT}"carrier_code" is required. Enter and try again.',
    ),
    error(
        "POST order/8/ship",
        ship((8, 1), arguments={"extension_attributes": {"source_code": "third"}}),
        "Not all of your products are available in the requested quantity.",
    ),
    error("GET shipment/999", None, NO_ORDER, status=404),
    error(
        "POST shipment",
        {"entity": {"order_id": 999}},
        "The shipment couldn't be saved.",
    ),
    error("POST inventory/source-items", {"sourceItems": []}, "Input data is empty"),
    error(
        "POST inventory/source-items",
        {"sourceItems": [STOCK] * 21},
        'Maximum items of type "%type" is %max',
        {"type": SOURCE_ITEM, "max": 20},
    ),
    *(
        error(
            "POST inventory/source-items", stock(**change), f"Validation Failed: {text}"
        )
        for change, text in (
            ({"sku": ""}, '"sku" can not be empty.'),
            ({"sku": " a"}, '"sku" can not contain leading or trailing spaces.'),
            ({"source_code": ""}, '"source_code" can not be empty.'),
            ({"source_code": "a b"}, '"source_code" can not contain whitespaces.'),
            ({"quantity": "x"}, '"quantity" should be numeric.'),
            ({"status": None}, '"status" should be numeric.'),
            ({"status": 7}, '"status" should a known status.'),
        )
    ),
    error("GET products", None, REQUIRED, {"fieldName": "searchCriteria"}),
    error(
        "GET products?searchCriteria%5BpageSize%5D=301",
        None,
        "Maximum SearchCriteria pageSize is %max",
        {"max": 300},
    ),
    error("POST products", b"{", "Decoding error."),
    error("GET nowhere", None, NO_ROUTE, status=404),
    error("PATCH products", None, NO_ROUTE, status=404),
    error("DELETE products/STANDIN/LAMP", None, NO_ROUTE, status=404),
]
