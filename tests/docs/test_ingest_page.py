"""docs/ingest.md: its example of one's own rule works, its examples are valid."""

import asyncio
import inspect
import json
import re
from pathlib import Path

import pytest

from functions.ingest import auth, envelope
from functions.ingest.envelope import MAX_KEYS, MAX_UID_BYTES
from functions.ingest.ingest import BODY_TIMEOUT_SECONDS
from functions.ingest.settings import (
    MIN_SIGNING_KEY_BYTES,
    MIN_TOKEN_LENGTH,
    IngestSettings,
)
from functions.settings import from_environment

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/ingest.md").read_text()
PROOF, TOKEN = "proof-of-the-proxy-01", "token-of-the-erp-0001"
SETTINGS = from_environment(
    IngestSettings,
    {
        "GOOGLE_CLOUD_PROJECT": "p",
        "INGEST_AUTH": "token",
        "INGEST_TOKENS": f"proxy:{PROOF},erp:{TOKEN}",
    },
)


@pytest.fixture(scope="module")
def rule():
    """The page's check_authentication, in the place it is written for."""
    [source] = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    room = dict(vars(auth))
    exec(compile(source, "docs/ingest.md", "exec"), room)  # noqa: S102 - our own page
    return room["check_authentication"]


def caller(rule, **headers: str) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return asyncio.run(rule(auth.Request(named, b"", b""), SETTINGS))


def test_the_example_has_the_signature_of_the_original(rule):
    assert inspect.signature(rule) == inspect.signature(auth.check_authentication)


def test_the_example_takes_whom_it_says(rule):
    assert caller(rule, x_client_cert_subject="CN=wms", x_proxy_proof=PROOF) == "CN=wms"
    assert caller(rule, authorization=f"Bearer {TOKEN}") == "erp"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x_client_cert_subject": "CN=wms"},
        {"x_client_cert_subject": "CN=wms", "x_proxy_proof": TOKEN},
        {"x_client_cert_subject": "CN=wms", "x_proxy_proof": "\xff"},
        {"authorization": "Bearer x"},
    ],
)
def test_the_example_refuses_everybody_else(rule, headers):
    with pytest.raises(auth.Unauthenticated):
        caller(rule, **headers)


def test_each_json_body_on_the_page_is_an_event():
    bodies = re.findall(r"'(\{\"data\".*?\}\}\})'", PAGE)

    assert len(bodies) == 2
    for body in bodies:
        assert envelope.read(body.encode()).uid == "erp-4711"


def posted(language: str, body: str, *said: tuple[str, str]) -> envelope.Posted:
    """What the example in *language* posts; *said* turns its notation into JSON's."""
    [example] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)
    [notation] = re.findall(body, example, re.S)
    for pattern, json_s in said:
        notation = re.sub(pattern, json_s, notation)
    return envelope.read(notation.encode())


def test_the_powershell_example_posts_a_valid_event():
    event = posted(
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


def test_the_php_example_posts_a_valid_event_as_json():
    event = posted(
        "php",
        r"json_encode\((.*?)\);",
        (r"\[", "{"),
        (r"\]", "}"),
        ("=>", ":"),
    )

    assert event.name == "be-observer.sales_order_status_update"
    # Without it PHP says in a notice what it assumes.
    assert '"Content-Type: application/json"' in PAGE


def test_every_sentence_of_the_answers_is_the_code_s():
    source = (Path(auth.__file__).parent / "ingest.py").read_text() + (
        Path(auth.__file__).parent / "envelope.py"
    ).read_text()
    told = re.findall(r"^\| \d+ \| `(\{.*?\})` \|", PAGE, re.M)

    assert len(told) == 8
    for body in told:
        error = json.loads(body).get("error", "")
        if error and not error.startswith(("<", "The body is longer")):
            assert f'"{error}"' in source


def test_the_limits_are_the_codes():
    most = IngestSettings(project="p").max_body_bytes

    assert f"within {BODY_TIMEOUT_SECONDS:.0f} seconds" in PAGE
    assert f"longer than {most} bytes" in PAGE
    assert f"| `uid` | {MAX_UID_BYTES} bytes" in PAGE
    assert f"| keys of one object | {MAX_KEYS};" in PAGE
    assert f"at least {MIN_TOKEN_LENGTH} characters" in PAGE
    assert f"at least {MIN_SIGNING_KEY_BYTES} bytes" in PAGE


def test_rate_limits_have_their_paragraph():
    """They are no code of ours: what stands in front is named, and how."""
    paragraph = PAGE.partition("## Rate limits")[2].partition("\n## ")[0]

    for word in ("Cloud Armor", "max_instance_count"):
        assert word in paragraph


def test_none_is_called_by_its_name():
    readme = (ROOT / "README.md").read_text()

    assert "anybody who knows the address may post" in PAGE
    assert "anybody may post" in readme
    assert IngestSettings(project="p").auth == "none"
