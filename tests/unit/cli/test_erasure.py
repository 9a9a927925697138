"""The ids that ``forget`` takes."""

import pytest

from cli.erasure import InvalidId, parse_id
from functions.events.identifiers import watermark_name


def test_an_id_becomes_an_ordering_key(subtests):
    for text, resource in [
        ("customer:15", "customer:15"),
        ("customer:Jane@Example.com", "customer:jane@example.com"),
        ("product:Abc:1", "product:abc:1"),
        ("product:ABC", "product:abc"),
        ("product:ABC  ", "product:abc"),
        ("customer-group:Trade, Köln ", "customer-group:trade, köln"),
        ("order:8", "order:8"),
        ("stock:ABC ", "stock:abc"),
        ("stock:A@default", "stock:a@default"),
    ]:
        with subtests.test(text=text):
            assert parse_id(text).resource == resource


def test_an_id_names_the_watermark_of_a_sku_at_a_source(subtests):
    for sku, source, text in [
        ("ABC", "default", "stock:abc@DEFAULT"),
        ("ABC", "default", "stock:ABC @default "),
        ("a@b", "Köln", "stock:A@B@köln"),
        ("A", "x@y", "stock:A@x%40y"),
        ("A", "50%", "stock:A@50%"),
        ("A", "50%", "stock:a@50%25"),
        ("A", "s" * 255, f"stock:A@{'S' * 255}"),
        ("é" * 64, "é" * 255, f"stock:{'é' * 64}@{'é' * 255}"),
    ]:
        with subtests.test(sku=sku):
            assert parse_id(text).resource == watermark_name(sku, source)


def test_an_invalid_id_is_an_error(subtests):
    for text in ["", "15", "customer:", "unicorn:1", ":1"]:
        with subtests.test(text=text):
            with pytest.raises(InvalidId, match="must be ENTITY:ID"):
                parse_id(text)
