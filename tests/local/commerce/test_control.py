"""The control side: state, journal, rules; for this machine alone."""

import pytest
import requests

from local.commerce.rules import CHOICES, Rules


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_a_page_of_another_site_is_refused(commerce, headers):
    said = commerce.send("POST", "/_control/reset", headers)

    assert said == (403, {"error": "from another site"})


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("rules", {"most_items": "20"}),
        ("rules", {"comment_status": "any"}),
        ("rules", {"no_such_rule": True}),
        ("rules", [1]),
        ("faults", {"status": 99}),
        ("faults", {"nothing": 1}),
        ("ims", {"lifetime_seconds": 0}),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_with_why(commerce, name, body):
    answer = requests.post(f"{commerce.address}/_control/{name}", json=body, timeout=30)

    assert answer.status_code == 400
    assert answer.json()["error"]
    assert commerce.control("GET", "rules") == {"rules": vars(Rules())}


@pytest.mark.parametrize(
    "switches", [{name: choices[1]} for name, choices in CHOICES.items()], ids=str
)
def test_rules_are_changed_and_a_reset_takes_that_back(commerce, switches):
    commerce.rules(**switches)
    changed = commerce.control("GET", "rules")["rules"]
    commerce.reset()

    assert changed == {**vars(Rules()), **switches}
    assert commerce.control("GET", "rules")["rules"] == vars(Rules())


def test_state_and_journal_tell_what_happened(commerce):
    level = {"sku": "A", "source_code": "second", "quantity": 3, "status": 1}
    commerce.ask("POST", "inventory/source-items", {"sourceItems": [level]})
    commerce.ask("DELETE", "customers/3")

    first, second = commerce.effects()
    assert (first["operation"], first["thing"]) == ("stock.set", "A@second")
    assert first["more"] == {"quantity": 3, "status": 1}
    assert first["body"] == {"sourceItems": [level]}
    assert (second["operation"], second["thing"]) == ("customer.deleted", "3")
    state = commerce.state()
    assert state["stock"][0] == level
    assert 3 not in [customer["id"] for customer in state["customers"]]
    after = commerce.control("GET", "journal", after=first["id"])
    assert (after["effects"], after["last"]) == ([second], second["id"])


def test_each_asker_is_given_an_order_of_its_own(commerce):
    given = [commerce.control("GET", "made")["order"] for _ in range(10)]

    assert len(set(given)) == 10
