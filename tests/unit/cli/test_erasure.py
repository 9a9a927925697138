"""The ids that ``forget`` takes."""

import pytest

from cli.erasure import InvalidId, parse_id


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        ("customer:15", "customer:15"),
        ("customer:Jane@Example.com", "customer:jane@example.com"),
        ("product:Abc:1", "product:abc:1"),
        ("stock:A@default", "stock:a@default"),
    ],
)
def test_an_id_becomes_an_ordering_key(text, resource):
    assert parse_id(text).resource == resource


@pytest.mark.parametrize("text", ["", "15", "customer:", "unicorn:1", ":1"])
def test_an_invalid_id_is_an_error(text):
    with pytest.raises(InvalidId, match="must be ENTITY:ID"):
        parse_id(text)
