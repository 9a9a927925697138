"""One form of an identifier for ordering keys, watermarks and commands."""

from cli.erasure import parse_id
from functions.events import catalog, samples
from functions.events.identifiers import normalize_identifier, watermark_name
from tests.support import adobe_kit_events

# Every character with another case, and a few without, in several positions.
CHARACTERS = [c for c in map(chr, range(32, 0xD800)) if c.swapcase() != c or c < "\xc0"]
SKUS = [form.format(c) for c in CHARACTERS for form in ("{}", "A{}", "{}b", " {} ")]
KEYED_BY_NAME = [
    (name, event.key) for name, event in catalog.EVENTS.items() if event.key_case
]


def test_case_and_trailing_blanks_do_not_count(subtests):
    for text, normalized in [
        ("ABC", "abc"),
        ("abc  ", "abc"),
        (" abc", " abc"),
        ("a\u00a0", "a\u00a0"),  # the database ignores blanks alone
        ("a\t", "a\t"),
        ("STRASSE", "strasse"),
        ("Straße", "straße"),  # not casefold: ß and ss are different
        ("ÄÖ", "äö"),
    ]:
        with subtests.test(text=text):
            assert normalize_identifier(text) == normalized


def test_a_normalized_identifier_stays():
    assert [
        text
        for text in SKUS
        if normalize_identifier(normalize_identifier(text) + "  ")
        != normalize_identifier(text)
    ] == []


def test_each_key_that_is_a_name_is_normalized():
    """SKUs, e-mail addresses and group codes; the other keys are numbers."""
    keys = {name: key for name, key in KEYED_BY_NAME}
    events = [catalog.EVENTS[name] for name in adobe_kit_events.EVENTS]

    assert {keys[e.name] for e in events if e.name in keys} == {"sku", "email", "name"}
    assert {e.key for e in events if e.name not in keys} == {"id", "orderId"}


def ordering_key(event, key, identifier):
    """The ordering key of the sample of *event* with *identifier* as its *key*."""
    value = samples.value(event.name)
    if isinstance(value, list):
        return event.ordering_key([{**value[0], key: identifier}])
    return event.ordering_key({**value, key: identifier})


def test_spellings_share_an_ordering_key(subtests):
    for name, key in KEYED_BY_NAME:
        with subtests.test(name=name):
            event = catalog.EVENTS[name]
            expected = f"{event.entity}:abc"

            assert ordering_key(event, key, "Abc ") == expected
            assert ordering_key(event, key, "aBC") == expected
            with_ss = ordering_key(event, key, "Strasse")
            assert ordering_key(event, key, "Straße") != with_ss


def test_stock_of_one_sku_in_two_spellings_has_a_key():
    event = catalog.EVENTS["be-observer.catalog_stock_update"]

    assert event.ordering_key([{"sku": "A"}, {"sku": "a "}]) == "stock:a"
    assert event.ordering_key([{"sku": "A"}, {"sku": "b"}]) == ""


def test_spellings_share_a_watermark():
    """Also those of a source's code."""
    assert watermark_name("ABC ", "Berlin") == watermark_name("abc", "BERLIN ")
    assert watermark_name("a@b", "c") != watermark_name("a", "b@c")
    assert watermark_name("a", "50%") == "stock:a@50%25"


def test_forget_names_what_the_ledger_names():
    product = catalog.EVENTS["be-observer.catalog_product_update"]
    value = samples.value(product.name)
    wrong = []
    for sku in SKUS[:1000]:
        key = parse_id(f"product:{sku}").resource
        row = parse_id(f"stock:{sku.rstrip(' ')}@Berlin").resource
        expected = product.ordering_key({**value, "sku": sku})
        if (key, row) != (expected, watermark_name(sku.rstrip(" "), "Berlin")):
            wrong.append(sku)

    assert wrong == []
