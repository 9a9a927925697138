"""Identifiers in payloads, and searching for them."""

from cli.search_terms import search_terms, term_matches


def test_identifiers_are_found(subtests):
    for payload, expected in [
        ('{"sku": "Lamp-1", "name": "x", "price": 5}', ["lamp-1", "x"]),
        ('[{"sku": "A"}, {"sku": "B"}, {"sku": "A"}]', ["a", "b"]),
        ('{"orderId": 15, "items": [{"orderItemId": 3}]}', ["15"]),
        ('{"email": "J\\u00f6rg@Example.com"}', ["jörg@example.com"]),
        ('{"sku": "cut off", "description": "no en', ["cut off"]),
        ('{"sku": null, "id": ""}', [""]),
        ("no JSON", []),
    ]:
        with subtests.test(payload=payload):
            assert search_terms(payload).split("\n")[1:-1] == expected


def test_a_number_matches_whole_and_text_in_part():
    terms = search_terms('{"orderId": 15, "email": "jane15@example.com"}')

    assert term_matches("15", "u", terms)
    assert term_matches("JANE", "u", terms)
    assert not term_matches("1", "u", terms)
    assert term_matches("1", "erp-100", terms)
    assert not term_matches("kim", "u", "")
