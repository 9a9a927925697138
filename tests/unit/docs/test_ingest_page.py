"""docs/ingest.md: its examples are valid events, its example of a rule works."""

import asyncio
import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from functions.ingest import auth, envelope
from functions.ingest.envelope import MAX_ITEMS, MAX_UID_BYTES
from functions.ingest.ingest import BODY_TIMEOUT_SECONDS
from functions.ingest.settings import (
    MIN_TOKEN_LENGTH,
    IngestSettings,
)
from functions.ingest.status import STATES
from functions.ingest.strict_json import MAX_KEYS
from functions.settings import from_environment
from functions.standard_webhooks import MIN_KEY_BYTES
from tests.support import markdown
from tests.support.ingest_app import RecordingPublisher, ingest_client

PAGE = markdown.read("docs/ingest.md")
PROXY_TOKEN, ERP_TOKEN = "proof-of-the-proxy-01", "token-of-the-erp-0001"
SETTINGS = from_environment(
    IngestSettings,
    {
        "GOOGLE_CLOUD_PROJECT": "p",
        "INGEST_AUTH": "token",
        "INGEST_TOKENS": f"proxy:{PROXY_TOKEN},erp:{ERP_TOKEN}",
    },
)


@pytest.fixture(scope="module")
def rule() -> Callable:
    """The page's ``check_authentication``, in the namespace that it is written for."""
    [source] = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    namespace = dict(vars(auth))
    exec(compile(source, "docs/ingest.md", "exec"), namespace)  # noqa: S102 - our own page
    return namespace["check_authentication"]


def authenticate(rule: Callable, **headers: str) -> str:
    """The caller's name by *rule*."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return asyncio.run(rule(auth.Request(names, b"", b""), SETTINGS))


def test_example_rule_has_the_original_signature(rule):
    assert inspect.signature(rule) == inspect.signature(auth.check_authentication)


def test_example_rule_accepts_proxy_and_token(rule):
    proxy = {"x_client_cert_subject": "CN=wms", "x_proxy_proof": PROXY_TOKEN}

    assert authenticate(rule, **proxy) == "CN=wms"
    assert authenticate(rule, authorization=f"Bearer {ERP_TOKEN}") == "erp"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x_client_cert_subject": "CN=wms"},
        {"x_client_cert_subject": "CN=wms", "x_proxy_proof": ERP_TOKEN},
        {"x_client_cert_subject": "CN=wms", "x_proxy_proof": "\xff"},
        {"authorization": "Bearer x"},
    ],
)
def test_example_rule_rejects_all_others(rule, headers):
    with pytest.raises(auth.Unauthenticated):
        authenticate(rule, **headers)


def test_json_bodies_are_events():
    bodies = re.findall(r"'(\{\"data\".*?\}\}\})'", PAGE)

    assert bodies
    for body in bodies:
        assert envelope.parse(body.encode()).uid == "erp-4711"


def test_the_batch_shown_gets_the_response_shown():
    batches = markdown.section(PAGE, "Batches")
    body, response = re.findall(r"```json\n(.*?)```", batches, re.S)
    [lines] = re.findall(r"```\n(\{.*?)```", batches, re.S)
    with ingest_client(RecordingPublisher()) as client:
        posted = client.post("/", content=body)
        headers = {"content-type": "application/x-ndjson"}
        ndjson = client.post("/", content=lines, headers=headers)

    assert (posted.status_code, posted.json()) == (207, json.loads(response))
    assert (ndjson.status_code, ndjson.json()["accepted"]) == (200, 2)


def parse_example(
    language: str, body: str, *replacements: tuple[str, str]
) -> envelope.PostedEvent:
    """The event in the example in *language*.

    Args:
        body: pattern of the body in the language's notation.
        replacements: turn that notation into JSON's.
    """
    [example] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)
    [notation] = re.findall(body, example, re.S)
    for pattern, json_notation in replacements:
        notation = re.sub(pattern, json_notation, notation)
    return envelope.parse(notation.encode())


def test_powershell_example_is_an_event():
    event = parse_example(
        "powershell",
        r"\$body = (.*?) \| ConvertTo-Json -Depth 5\n",
        (r"(\w+) = ", r'"\1": '),
        (r"@\{", "{"),
        (r"@\(", "["),
        (r"\)", "]"),
        (";", ","),
        (r"\$false", "false"),
    )

    assert event.name == "be-observer.catalog_stock_update"


def test_php_example_is_an_event_sent_as_json():
    event = parse_example(
        "php", r"json_encode\((.*?)\);", (r"\[", "{"), (r"\]", "}"), ("=>", ":")
    )

    assert event.name == "be-observer.sales_order_status_update"
    # Without it PHP prints a notice about the type that it assumes.
    assert '"Content-Type: application/json"' in PAGE


def test_responses_are_the_codes_own():
    package = Path(auth.__file__).parent
    source = "".join(path.read_text() for path in package.glob("*.py"))
    responses = markdown.section(PAGE, "Responses")

    statuses = markdown.column(responses, "status")
    assert statuses == sorted(statuses)
    for cell in markdown.column(responses, "body"):
        error = json.loads(cell.strip("`")).get("error", "")
        if error and not error.startswith(("<", "The body is longer")):
            assert f'"{error}"' in source


def test_states_of_an_event_are_the_codes_own():
    text = markdown.section(PAGE, "Responses")

    assert markdown.code(markdown.column(text, "`state`")) == set(STATES)


def test_limits_are_the_codes_own():
    limits = dict(markdown.tables(markdown.section(PAGE, "Limits"))[0][1:])
    max_body_bytes = IngestSettings(project="p").max_body_bytes

    assert f"{max_body_bytes >> 20} MiB" in limits["body"]
    assert f"{BODY_TIMEOUT_SECONDS:.0f} s" in limits["arrival of the body"]
    assert f"{MAX_UID_BYTES} bytes" in limits["`uid`"]
    assert limits["events of a batch"] == str(MAX_ITEMS)
    assert f"{MAX_KEYS};" in limits["keys of one object"]
    assert f"at least {MIN_TOKEN_LENGTH} characters" in PAGE
    assert f"at least {MIN_KEY_BYTES} bytes" in PAGE


def test_rate_limits_name_the_platforms_means():
    text = markdown.section(PAGE, "Rate limits")

    for word in ("Cloud Armor", "max_instance_count"):
        assert word in text


def test_every_authentication_method_is_described():
    text = markdown.section(PAGE, "Authentication")

    assert re.findall(r"^\*\*`(\w+)`\*\*", text, re.M) == [
        "none",
        "token",
        "hmac",
        "oidc",
    ]
