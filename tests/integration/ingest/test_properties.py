"""No body gives a 5xx, and exactly what the published schemas allow is published.

The judge is jsonschema over the documents in ``docs/schemas``, not our own code.
"""

import copy
import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from functions.events import samples
from functions.events.catalog import INBOUND_EVENTS
from tests.support.ingest_app import RecordingPublisher, ingest_client, post
from tests.support.ingest_authentication import assert_unauthorized

SCHEMAS = Path(__file__).resolve().parents[3] / "docs/schemas"
BOUNDED = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def unicode_text(_, value) -> bool:
    """JSON Schema and UTF-8 have no lone surrogates."""
    return isinstance(value, str) and not re.search("[\ud800-\udfff]", value)


def within_bytes(_, limit, value, __):
    """JSON Schema cannot count bytes."""
    if isinstance(value, str) and len(value.encode()) > limit:
        yield ValidationError(f"more than {limit} bytes")


Judge = extend(
    Draft202012Validator,
    {"x-maxBytes": within_bytes},
    # 15.0 is an integer to JSON Schema, and none to us.
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: type(value) is int
    ).redefine("string", unicode_text),
)
JUDGES = {
    name: Judge(json.loads((SCHEMAS / f"{name}.json").read_text()))
    for name in INBOUND_EVENTS
}
MESSAGE = json.loads((SCHEMAS / "message.json").read_text())["properties"]
ATTRIBUTES = Judge(MESSAGE["attributes"])

text = st.text(st.characters(exclude_categories=()), max_size=70)
odd = st.sampled_from(
    [
        *(
            "",
            "\0",
            "..",
            "15",
            "1.5",
            "true",
            "\ud800",
            "__proto__",
            "é" * 200,
            " A",
            "é" * 17,
        ),
        *(
            0,
            1,
            -1,
            15.0,
            -0.0,
            1e14,
            1e15,
            10**14,
            10**14 + 1,
            2**63 - 1,
            2**63,
            1e308,
        ),
        *(10**300, True, False, None),
    ]
)
scalars = odd | text | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
junk = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3)
    ),
    max_leaves=8,
)


def holders(value) -> list:
    """Every object and list in *value*."""
    inner = value.values() if isinstance(value, dict) else value
    nested = [h for one in inner if isinstance(one, dict | list) for h in holders(one)]
    return [value, *nested]


@st.composite
def changed(draw, value):
    """*value* with up to three items replaced, added or removed."""
    value = copy.deepcopy(value)
    for _ in range(draw(st.integers(0, 3))):
        holder = draw(st.sampled_from(holders(value)))
        if isinstance(holder, list):
            at = draw(st.integers(0, max(len(holder) - 1, 0)))
            holder[at : at + draw(st.integers(0, 1))] = draw(st.lists(junk, max_size=2))
        elif holder and draw(st.booleans()):
            del holder[draw(st.sampled_from(sorted(holder)))]
        else:
            holder[draw(st.sampled_from([*sorted(holder), "more"]) | text)] = draw(junk)
    return value


@st.composite
def bodies(draw):
    """Mostly the sample of an event with errors in it."""
    name = draw(st.sampled_from(sorted(INBOUND_EVENTS)))
    prefix = draw(st.sampled_from(["", "", "acme.", "com.adobe.\ud800.", ".", "x"]))
    data = {
        "uid": draw(st.just("1") | st.integers() | junk),
        "event": prefix + name,
        "value": draw(changed(samples.value(name)) | junk),
    }
    if draw(st.booleans()):
        data["entity"] = draw(
            st.just(INBOUND_EVENTS[name].entity) | st.sampled_from(["", "stock"])
        )
    return draw(st.just({"data": data}) | changed({"data": data}) | junk)


def acceptable(body) -> bool:
    """Whether *body* is an event, by the rules of docs/ingest.md."""
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict) or not {"uid", "event", "value"} <= set(data):
        return False
    uid, name, value = data["uid"], data["event"], data["value"]
    if type(uid) not in (int, str) or not unicode_text(None, str(uid)):
        return False
    controls = any(unicodedata.category(char) == "Cc" for char in str(uid))
    if not 1 <= len(str(uid).encode()) <= 256 or controls:
        return False
    match = (
        re.fullmatch(r"(?s:.+\.)?(be-observer\.\w+)", name) if type(name) is str else 0
    )
    if not match or match[1] not in INBOUND_EVENTS:
        return False
    if data.get("entity", "") not in ("", INBOUND_EVENTS[match[1]].entity):
        return False
    return JUDGES[match[1]].is_valid(value)


def without_unknown(posted, published):
    """*posted* less the keys that *published* does not have."""
    if isinstance(posted, dict):
        return {k: without_unknown(posted[k], v) for k, v in published.items()}
    if isinstance(posted, list):
        return [without_unknown(*pair) for pair in zip(posted, published, strict=True)]
    return posted


@pytest.fixture(scope="module")
def publisher():
    return RecordingPublisher()


@pytest.fixture(scope="module")
def client(publisher):
    with ingest_client(publisher) as client:
        yield client


@BOUNDED
@given(body=bodies())
def test_exactly_what_the_schemas_allow_is_published(client, publisher, body):
    publisher.published.clear()
    response = post(client, body)

    if not acceptable(body):
        assert response.status_code == 400
        assert isinstance(response.json()["error"], str)
        assert publisher.published == []
        return
    assert response.status_code == 200
    assert response.json()["type"] == body["data"]["event"]
    [(_, message)] = publisher.published
    assert ATTRIBUTES.is_valid(dict(message.attributes))
    published = json.loads(message.data)
    assert JUDGES[message.attributes["ce-type"]].is_valid(published)
    assert json.dumps(published) == json.dumps(
        without_unknown(body["data"]["value"], published)
    )


@pytest.fixture(scope="module")
def token_client(publisher):
    given = {"INGEST_AUTH": "token", "INGEST_TOKENS": "token-0123456789abc"}
    with ingest_client(publisher, **given) as client:
        yield client


@settings(BOUNDED, max_examples=20)
@given(body=bodies())
def test_no_body_passes_authentication(token_client, publisher, body):
    publisher.published.clear()
    assert_unauthorized(post(token_client, body), publisher)


@BOUNDED
@given(data=st.data())
def test_damaged_bytes_are_never_a_5xx(client, publisher, data):
    publisher.published.clear()
    name = data.draw(st.sampled_from(sorted(INBOUND_EVENTS)))
    body = {"data": {"uid": "1", "event": name, "value": samples.value(name)}}
    whole = bytearray(json.dumps(body).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole)))
        whole[at : at + data.draw(st.integers(0, 5))] = data.draw(
            st.binary(max_size=5)
            | st.sampled_from([b'"', b"{", b"}", b"\\u0000", b"e9"])
        )

    response = client.post("/", content=bytes(whole))

    assert response.status_code in (200, 400)
    assert (response.status_code == 200) == (len(publisher.published) == 1)


def test_the_judge_rejects_invalid_events():
    assert acceptable(
        {
            "data": {
                "uid": 1,
                "event": "a.be-observer.customer_delete",
                "value": {"id": 1},
            }
        }
    )
    for wrong in (
        {"uid": 1.0, "event": "be-observer.customer_delete", "value": {"id": 1}},
        {"uid": 1, "event": ".be-observer.customer_delete", "value": {"id": 1}},
        {"uid": 1, "event": "be-observer.customer_delete", "value": {"id": 1.0}},
        {"uid": 1, "event": "be-observer.customer_delete", "value": {"id": True}},
        {"uid": 1, "event": "be-observer.customer_delete", "value": {"id": 1, "a": 1}},
        {"uid": "\ud800", "event": "be-observer.customer_delete", "value": {"id": 1}},
    ):
        assert not acceptable({"data": wrong})


@pytest.mark.parametrize("verdict", [True, False])
def test_the_strategy_draws_both_verdicts(verdict):
    find(
        bodies(),
        lambda body: acceptable(body) is verdict,
        settings=settings(BOUNDED, phases=[Phase.generate]),
    )
