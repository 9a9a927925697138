"""Routes: values are percent-encoded and cannot address another route."""

import pytest

from functions.commerce.routes import fill_path, needs_encoding, search_query
from functions.errors import Rejected


def test_values_are_encoded(subtests):
    for route, values, path in [
        ("products", {}, "products"),
        ("products/{sku}", {"sku": "a b/c"}, "products/a%20b%2Fc"),
        ("orders/{id}/comments", {"id": 8}, "orders/8/comments"),
        ("products/{sku}", {"sku": "é%"}, "products/%C3%A9%25"),
    ]:
        with subtests.test(route=route):
            assert fill_path(route, values) == path


def test_values_that_cannot_be_a_segment_are_rejected(subtests):
    for value in ["", ".", "..", "\ud800"]:
        with subtests.test(value=value):
            with pytest.raises(Rejected) as raised:
                fill_path("products/{sku}", {"sku": value})
            assert raised.value.status == 400


def test_which_values_need_encoding(subtests):
    for value, encoded in [("A-1._~", False), ("a b", True), ("é", True), ("/", True)]:
        with subtests.test(value=value):
            assert needs_encoding(value) is encoded


def test_a_search_names_its_filters_in_order():
    query = search_query(("a", 1, "eq"), ("b", 2, "gteq"), page_size=5)

    prefix = "searchCriteria[filterGroups]"
    assert query[f"{prefix}[1][filters][0][field]"] == "b"
    assert query["searchCriteria[pageSize]"] == 5
    assert not any("sortOrders" in name or name == "fields" for name in query)
