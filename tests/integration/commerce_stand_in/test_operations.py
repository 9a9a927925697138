"""Each operation responds as Commerce does, in its form and words."""

from urllib.parse import quote

from tests.support.stand_in_cases import (
    ERRORS,
    FILTER,
    SHIPMENT,
    SUCCESSES,
    TRACK,
    case_id,
    find,
    product,
    ship,
)


def test_operations_respond_as_commerce(commerce):
    responses = []
    for case in SUCCESSES:
        commerce.reset()
        status, document = commerce.call(case.method, case.path, case.body)
        if status == 200 and isinstance(case.expected, dict):
            document = {name: document.get(name) for name in case.expected}
        responses.append((case_id(case), status, document))

    assert responses == [(case_id(case), 200, case.expected) for case in SUCCESSES]


def test_errors_are_commerces_templates_with_parameters(commerce):
    """And have no effect."""
    responses = []
    for case in ERRORS:
        response = commerce.call(case.method, case.path, case.body)
        responses.append((case_id(case), *response))

    assert responses == [(case_id(case), case.status, case.expected) for case in ERRORS]
    assert commerce.effects() == []


def test_body_that_is_not_called_json_is_rejected(commerce):
    def change_headers(headers):
        headers["Content-Type"] = "text/plain"

    response = commerce.call(
        "POST", "products", product(), change_headers=change_headers
    )

    message = "Server cannot understand Content-Type HTTP header media type %1"
    assert response == (400, {"message": message, "parameters": ["text/plain"]})


def test_a_shipped_order_ships_no_more(commerce):
    assert commerce.call("POST", "order/8/ship", {}).status == 200

    status, document = commerce.call("POST", "order/8/ship", ship((8, 1)))

    assert status == 400
    assert document["message"].startswith(
        f"{SHIPMENT}The order does not allow a shipment to be created."
    )


def test_path_outside_of_rest_gets_a_page(commerce):
    headers = commerce.sign("GET", "/other/V1/products")

    status, text = commerce.send("GET", "/other/V1/products", headers)

    assert (status, text[:15]) == (404, "<!doctype html>")


NEW = product(sku="A B", type_id="simple")
LAMP = product(sku="STANDIN-LAMP")
ENTITY = {"order_id": 8, "tracks": [{**TRACK, "entity_id": 19}]}
WITHOUT_STATUS = {"statusHistory": {"comment": "x"}}
SECOND = {"extension_attributes": {"source_code": "second"}}
# Calls in order, all of which succeed; operation, resource and some details of the last
# effect.
EFFECTS = {
    "dots walk up": (["DELETE products/../customers/3"], "customer.deleted 3", {}),
    "a plus is a blank": (
        [("POST products", NEW), "DELETE products/A+B"],
        "product.deleted A B",
        {},
    ),
    "a question mark ends a path": (
        ["DELETE products/STANDIN-LAMP?x"],
        "product.deleted STANDIN-LAMP",
        {},
    ),
    "the body's SKU decides": (
        [("PUT products/OTHER", LAMP)],
        "product.updated STANDIN-LAMP",
        {"scope": "all"},
    ),
    "an update moves to another set": (
        [("PUT products/X", product(sku="STANDIN-LAMP", attribute_set_id=9))],
        "product.updated STANDIN-LAMP",
        {"moved_from": 4, "moved_to": 9},
    ),
    "a comment names its status": (
        [("POST orders/8/comments", WITHOUT_STATUS)],
        "order.commented 8",
        {"status_before": "processing", "status": None},
    ),
    "a repeated comment is added": (
        [("POST orders/8/comments", WITHOUT_STATUS)] * 2,
        "order.commented 8",
        {"comment": 102},
    ),
    "a source at the top is dropped": (
        [("POST order/8/ship", ship((8, 1), **SECOND))],
        "shipment.created 101",
        {"source": "default"},
    ),
    "the source is in arguments": (
        [("POST order/8/ship", ship((8, 1), arguments=SECOND))],
        "shipment.created 101",
        {"source": "second"},
    ),
    "no items ship all": (
        [("POST order/8/ship", {})],
        "shipment.created 101",
        {"shipped": {"8": 999}},
    ),
    "a repeated partial shipment ships again": (
        [("POST order/8/ship", ship((8, 1)))] * 2,
        "shipment.created 102",
        {"shipped": {"8": 1}},
    ),
    "a shipment without id is created": (
        [("POST shipment", {"entity": {"order_id": 8}})],
        "shipment.created_without_order 101",
        {"taken": []},
    ),
    "a part of another shipment is taken": (
        [
            ("POST order/8/ship", ship((8, 1))),
            ("POST shipment", {"entity": {**ENTITY, "entity_id": 101}}),
        ],
        "shipment.updated 101",
        {"taken": ["shipment_track 19 of shipment 33"]},
    ),
}


def test_each_call_has_its_effect(commerce):
    effects = {}
    for name, (calls, _, details) in EFFECTS.items():
        commerce.reset()
        for call in calls:
            line, body = (call, None) if isinstance(call, str) else call
            assert commerce.call(*line.split(" "), body).status == 200, name
        effect = commerce.effects()[-1]
        seen = {detail: effect["details"].get(detail) for detail in details}
        effects[name] = f"{effect['operation']} {effect['resource']}", seen

    assert effects == {
        name: (change, details) for name, (_, change, details) in EFFECTS.items()
    }


def test_a_store_view_overrides_values_for_itself(commerce):
    path, body = "products/STANDIN-LAMP", product(sku="STANDIN-LAMP", name="Lampe")
    commerce.call("PUT", path, body, scope="second")

    names = [
        commerce.call("GET", path, scope=scope).document["name"]
        for scope in ("all", "default", "second")
    ]
    assert names == ["Lamp", "Lamp", "Lampe"]


def test_an_order_without_status_is_not_listed(commerce):
    commerce.call("POST", "orders/8/comments", WITHOUT_STATUS)

    search = "orders?searchCriteria%5BpageSize%5D=100"
    assert commerce.call("GET", search).document["total_count"] == 39


def test_a_shipment_takes_stock_from_its_source(commerce):
    commerce.call("POST", "order/8/ship", ship((8, 2), arguments=SECOND))

    quantities = {
        (row["sku"], row["source_code"]): row["quantity"]
        for row in commerce.state()["stock"]
    }
    assert quantities["STANDIN-TABLE", "default"] == 10_000_000
    assert quantities["STANDIN-TABLE", "second"] == 9_999_998


def test_search_conditions(commerce):
    counts = [
        ("email", "eq", "CUSTOMER-3@example.com", 1),
        ("email", "neq", "customer-3@example.com", 19),
        ("email", "like", "customer-1_@%", 10),
        ("email", "in", "customer-3@example.com,customer-4@example.com", 2),
        ("id", "nin", "1,2", 18),
        ("id", "gt", "10", 10),
        ("id", "gteq", "10", 11),
        ("id", "lt", "10", 9),
        ("id", "lteq", "10", 10),
        ("taxvat", "null", "1", 20),
        ("taxvat", "notnull", "1", 0),
    ]
    seen = []
    for field, condition, value, _ in counts:
        path = find("customers/search", field, quote(value))
        path += f"&{FILTER}%5BconditionType%5D={condition}"
        count = commerce.call("GET", path).document["total_count"]
        seen.append((field, condition, value, count))

    assert seen == counts


def test_a_condition_that_is_not_simulated_gets_500(commerce):
    path = f"{find('customers/search', 'id', 1)}&{FILTER}%5BconditionType%5D=finset"

    assert commerce.call("GET", path).status == 500


def test_a_search_is_sorted_and_paged(commerce):
    order = "searchCriteria%5BsortOrders%5D%5B0%5D"
    path = (
        "customers/search?fields=items%5Bid%5D"
        f"&{order}%5Bfield%5D=id&{order}%5Bdirection%5D=DESC"
        "&searchCriteria%5BpageSize%5D=3&searchCriteria%5BcurrentPage%5D=2"
    )

    items = [{"id": 17}, {"id": 16}, {"id": 15}]
    assert commerce.call("GET", path).document == {"items": items}
