"""CommerceSession that Commerce refuses, each with the words it does it in."""

import pytest

PERSON = {"email": "ada@example.com", "firstname": "Ada", "lastname": "Bauer"}
PRODUCT = {"sku": "LAMP-1", "name": "Lamp", "price": 1}
LEVEL = {"sku": "LAMP-1", "source_code": "default", "quantity": 4, "status": 1}
GONE = "No such entity with %fieldName = %fieldValue"
GONE_ENTITY = (
    "The entity that was requested doesn't exist. Verify the entity and try again."
)
GONE_PRODUCT = (
    "The product that was requested doesn't exist. Verify the product and try again."
)
REQUIRED = '"%fieldName" is required. Enter and try again.'
EMPTY = 'The "%1" attribute value is empty. Set the attribute and try again.'
ACCESSOR = 'Property "%1" does not have accessor method "%2" in class "%3".'
TYPE = (
    'The "%value" value\'s type is invalid. The "%type" type was expected.'
    " Verify and try again."
)
DOCUMENT = "Shipment Document Validation Error(s):\n"


def product(**changes):
    return {"product": {**PRODUCT, **changes}}


def person(**changes):
    return {"customer": {**PERSON, **changes}}


def level(**changes):
    return {"sourceItems": [{**LEVEL, **changes}]}


def history(**changes):
    return {"statusHistory": {"comment": "x", "status": "processing", **changes}}


def ship(*items, **more):
    rows = [{"order_item_id": item, "qty": qty} for item, qty in items]
    return {"items": rows, **more}


def refusal(method, path, body, status, message, parameters=None, id=None):
    return pytest.param(
        method, path, body, status, message, parameters, id=id or f"{method} {path}"
    )


REFUSALS = [
    refusal("GET", "products/NONE", None, 404, GONE_PRODUCT),
    refusal("DELETE", "products/NONE", None, 404, GONE_PRODUCT),
    refusal("POST", "products", {}, 400, REQUIRED, {"fieldName": "product"}, "nothing"),
    refusal("POST", "products", product(sku=" "), 400, EMPTY, ["SKU"], "no SKU"),
    refusal(
        "POST",
        "products",
        product(sku="x" * 65),
        400,
        "SKU length should be %1 characters maximum.",
        [64],
        "long SKU",
    ),
    refusal(
        "POST", "products", product(name=""), 400, EMPTY, ["Product Name"], "no name"
    ),
    refusal("POST", "products", product(price=None), 400, EMPTY, ["Price"], "no price"),
    refusal(
        "POST",
        "products",
        product(price=-1),
        400,
        'The value "%1" of attribute "%2" must not be negative.',
        [-1, "price"],
        "negative price",
    ),
    refusal(
        "POST",
        "products",
        product(price="much"),
        400,
        TYPE,
        {"value": "much", "type": "float"},
        "price is text",
    ),
    refusal(
        "POST",
        "products",
        product(custom_attributes=[{"value": "x"}]),
        400,
        "A custom attribute is specified without an attribute code.",
        id="no attribute code",
    ),
    refusal(
        "POST",
        "products",
        product(custom_attributes=[{"attribute_code": "x"}]),
        400,
        'Value is not set for attribute code "x"',
        id="no attribute value",
    ),
    refusal(
        "POST",
        "customers",
        person(email="customer-3@example.com"),
        400,
        "A customer with the same email address already exists in an associated"
        " website.",
        id="same e-mail",
    ),
    refusal(
        "POST",
        "customers",
        person(firstname=""),
        400,
        REQUIRED,
        {"fieldName": "firstname"},
        "no first name",
    ),
    refusal(
        "POST",
        "customers",
        person(email="ada"),
        400,
        '"%1" is not a valid email address.',
        ["Email"],
        "no e-mail address",
    ),
    refusal(
        "POST",
        "customers",
        person(website_id=9),
        404,
        GONE,
        {"fieldName": "websiteId", "fieldValue": 9},
        "no such website",
    ),
    refusal(
        "POST",
        "customers",
        person(group_id=9),
        404,
        GONE,
        {"fieldName": "groupId", "fieldValue": 9},
        "no such group",
    ),
    *(
        refusal(
            method,
            "customers/999",
            body,
            404,
            GONE,
            {"fieldName": "customerId", "fieldValue": 999},
        )
        for method, body in (("GET", None), ("PUT", person()), ("DELETE", None))
    ),
    refusal("GET", "customers/1.5", None, 400, TYPE, {"value": "1.5", "type": "int"}),
    refusal(
        "POST",
        "customerGroups",
        {"group": {"code": "General"}},
        400,
        "Customer Group already exists.",
        id="same code",
    ),
    refusal(
        "POST",
        "customerGroups",
        {"group": {"tax_class_id": 3}},
        400,
        REQUIRED,
        {"fieldName": "code"},
        "no code",
    ),
    refusal(
        "POST",
        "customerGroups",
        {"group": {"code": "x", "tax_class_id": 77}},
        400,
        'Invalid value of "%value" provided for the %fieldName field.',
        {"fieldName": "taxClassId", "value": 77},
        "no such tax class",
    ),
    refusal(
        "POST",
        "customerGroups",
        {"group": {"code": "x", "tax_class": 3}},
        400,
        ACCESSOR,
        [
            "TaxClass",
            "getTaxClass",
            "Magento\\Customer\\Api\\Data\\GroupInterface",
        ],
        "unknown key of a group",
    ),
    *(
        refusal(
            method,
            "customerGroups/999",
            body,
            404,
            GONE,
            {"fieldName": "id", "fieldValue": 999},
        )
        for method, body in (("PUT", {"group": {"code": "x"}}), ("DELETE", None))
    ),
    refusal("DELETE", "customerGroups/1", None, 400, "Cannot delete group."),
    refusal("GET", "orders/999", None, 404, GONE_ENTITY),
    refusal("GET", "orders/999/comments", None, 404, GONE_ENTITY),
    refusal("POST", "orders/999/comments", history(), 404, GONE_ENTITY),
    refusal(
        "POST",
        "orders/8/comments",
        {"comment": "x"},
        400,
        REQUIRED,
        {"fieldName": "statusHistory"},
        "no status history",
    ),
    refusal(
        "POST",
        "orders/8/comments",
        history(comment=None),
        400,
        REQUIRED,
        {"fieldName": "comment"},
        "no comment",
    ),
    refusal(
        "POST",
        "orders/8/comments",
        history(status="complete"),
        400,
        'Unable to add comment: The status "%1" is not part of the order status'
        " history.",
        ["complete"],
        "status of another state",
    ),
    refusal("POST", "order/999/ship", ship(), 404, GONE_ENTITY),
    refusal(
        "POST",
        "order/8/ship",
        ship((8, 1_000)),
        400,
        f"{DOCUMENT}The quantity to ship must not be greater than the unshipped"
        ' quantity for product SKU "STANDIN-TABLE".\nYou can\'t create a shipment'
        " without products.",
        id="more than is left",
    ),
    refusal(
        "POST",
        "order/8/ship",
        ship((9, 1)),
        400,
        f'{DOCUMENT}The shipment contains product SKU "" that is not part of the'
        " original order.\nYou can't create a shipment without products.",
        id="another order's item",
    ),
    refusal(
        "POST",
        "order/8/ship",
        ship((8, 1), tracks=[{"track_number": "1", "title": "x"}]),
        400,
        f'{DOCUMENT}"carrier_code" is required. Enter and try again.',
        id="track without carrier",
    ),
    refusal(
        "POST",
        "order/8/ship",
        ship((8, 1), arguments={"extension_attributes": {"source_code": "third"}}),
        400,
        "Not all of your products are available in the requested quantity.",
        id="source without stock",
    ),
    refusal("GET", "shipment/999", None, 404, GONE_ENTITY),
    refusal(
        "POST",
        "shipment",
        {"entity": {"order_id": 999}},
        400,
        "The shipment couldn't be saved.",
        id="shipment of no order",
    ),
    refusal(
        "POST",
        "shipment/track",
        {"entity": {"parent_id": 999, "track_number": "1"}},
        400,
        "Could not save the shipment tracking.",
        id="track of no shipment",
    ),
    refusal(
        "POST",
        "inventory/source-items",
        {"sourceItems": []},
        400,
        "Input data is empty",
        id="no levels",
    ),
    refusal(
        "POST",
        "inventory/source-items",
        {"sourceItems": [LEVEL] * 21},
        400,
        'Maximum items of type "%type" is %max',
        {"type": "Magento\\InventoryApi\\Api\\Data\\SourceItemInterface", "max": 20},
        "21 levels",
    ),
    *(
        refusal(
            "POST",
            "inventory/source-items",
            level(**change),
            400,
            f"Validation Failed: {text}",
            id=text,
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
    refusal(
        "POST",
        "inventory/source-items",
        level(source_code="third"),
        400,
        "Could not save Source Item",
        id="no such source",
    ),
    refusal(
        "GET",
        "products",
        None,
        400,
        REQUIRED,
        {"fieldName": "searchCriteria"},
        "no criteria",
    ),
    refusal(
        "GET",
        "products?searchCriteria%5BpageSize%5D=301",
        None,
        400,
        "Maximum SearchCriteria pageSize is %max",
        {"max": 300},
        "too large a page",
    ),
    refusal("POST", "products", b"{", 400, "Decoding error.", id="no JSON"),
    refusal("GET", "nowhere", None, 404, "Request does not match any route."),
    refusal("PATCH", "products", None, 404, "Request does not match any route."),
]
