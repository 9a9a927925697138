"""What a rule that can be switched does at its other setting."""

import pytest

from local.commerce.rules import Rules
from tests.local.commerce.refusals import LEVEL, PERSON, history, product

PACKED = history(status="packed")
NONE = history(status=None)
LEVELS = {"sourceItems": [LEVEL] * 6}
FULL = {"sourceItems": [LEVEL] * 21}
LARGE = "orders?searchCriteria%5BpageSize%5D=301"
COMMENT, GROUP = "orders/8/comments", "customers/4?fields=group_id"
# Switch, its other setting, what is asked, the status before and after the switch.
SWITCHES = [
    ("input_limits", False, "POST", "inventory/source-items", FULL, 400, 200),
    ("input_limits", False, "GET", LARGE, None, 400, 200),
    ("most_items", 5, "POST", "inventory/source-items", LEVELS, 200, 400),
    ("comment_status", "current", "POST", COMMENT, PACKED, 200, 400),
    ("refuses_encoded_signed_paths", False, "DELETE", "products/A%20B", None, 401, 404),
    ("refuses_encoded_slashes", True, "PUT", "products/A%2FB", product(), 401, 404),
    ("website_demanded", True, "PUT", "customers/4", {"customer": PERSON}, 200, 400),
    ("price_required", False, "POST", "products", product(price=None), 400, 200),
]
# Switch, its other setting, what is done, where to look, what is there either way.
LEFT = [
    (
        "drops_price_without_type",
        False,
        ("POST", "products", product(price=7)),
        "products/LAMP-1?fields=price",
        ([], {"price": 7}),
    ),
    (
        "comment_without_status",
        "keeps",
        ("POST", COMMENT, NONE),
        "orders/8?fields=status",
        ([], {"status": "processing"}),
    ),
    (
        "partial_customer_resets",
        False,
        ("PUT", "customers/4", {"customer": PERSON}),
        GROUP,
        ({"group_id": 1}, {"group_id": 2}),
    ),
]


@pytest.mark.parametrize(
    ("switch", "other", "method", "path", "body", "before", "after"), SWITCHES
)
def test_a_switch_changes_what_is_refused(
    commerce, switch, other, method, path, body, before, after
):
    first = commerce.ask(method, path, body)
    commerce.reset()
    commerce.rules(**{switch: other})

    assert (first.status, commerce.ask(method, path, body).status) == (before, after)


@pytest.mark.parametrize(("switch", "other", "done", "look", "found"), LEFT)
def test_a_switch_changes_what_is_left(commerce, switch, other, done, look, found):
    left = []
    for setting in (getattr(Rules(), switch), other):
        commerce.reset()
        commerce.rules(**{switch: setting})
        assert commerce.ask(*done).status == 200
        left.append(commerce.ask("GET", look).document)

    assert tuple(left) == found


def test_every_switch_is_tried():
    tried = {switch for switch, *_ in (*SWITCHES, *LEFT)}

    assert tried == set(Rules.__dataclass_fields__)
