"""docs/debugging.md: the event was not accepted."""

import shutil
import time
from email.utils import parsedate_to_datetime

import requests

from tests.support.consumer_kit import PRODUCT_CREATE, PRODUCT_VALUE
from tests.support.debugging_page import entry_of
from tests.support.debugging_stack import (
    EVENT,
    TOKEN,
    UPDATE,
    log_entries,
    product,
    signature_headers,
)
from tests.support.running import ROOT, free_port
from tests.support.serving import function, url


@entry_of("401")
def test_wrong_token(entry, stack):
    wrong = stack.send(UPDATE, product("A"), "u", Authorization=f"Bearer erp:{TOKEN}")

    assert wrong.status_code == 401
    stack.assert_shown(entry, wrong.text)
    for right in (
        {"Authorization": f"Bearer {TOKEN}"},
        {"Authorization": "", "X-API-Key": TOKEN},
    ):
        assert stack.send(UPDATE, product("A"), "u", **right).status_code == 200


@entry_of("403 from the local stack")
def test_a_web_page(entry, stack):
    page = {"Origin": "https://erp.example"}
    rejected = stack.send(UPDATE, product("A"), "u", **page)
    tunnel = stack.send(UPDATE, product("A"), "u", Host="erp.example")
    rewritten = stack.send(UPDATE, product("A"), "u", Host="localhost")

    assert (rejected.status_code, tunnel.status_code) == (403, 403)
    assert rewritten.status_code == 200
    entry.assert_shown(rejected.text)


@entry_of("401, signed with the right secret")
def test_wrong_clock(entry, ingest_alone):
    headers = signature_headers(EVENT, time.time() - 400)
    denied = requests.post(url(ingest_alone), EVENT, headers=headers, timeout=30)

    challenge = f"WWW-Authenticate: {denied.headers['WWW-Authenticate']}"
    entry.assert_shown(f"{denied.text}\n{challenge}")
    entry.assert_quotes(f"Date: {denied.headers['Date']}", "Date:")
    now = parsedate_to_datetime(denied.headers["Date"]).timestamp()
    headers = signature_headers(EVENT, now)
    accepted = requests.post(url(ingest_alone), EVENT, headers=headers, timeout=30)
    assert accepted.status_code == 503  # authenticated, but there is no Pub/Sub


@entry_of("400 with `errors`")
def test_invalid_value(entry, stack):
    rejected = stack.send(UPDATE, product("A", price="9.5"), "erp-1")

    assert rejected.status_code == 400
    stack.assert_shown(entry, rejected.text)
    entries = [one for one in stack.log_entries() if one.get("uid") == "erp-1"]
    [logged] = [one for one in entries if "component" not in one]
    assert (logged["caller"], logged["fields"]) == ("erp", ["data.value.price"])
    assert stack.send(UPDATE, product("A", price=9.5), "erp-1").status_code == 200


@entry_of("400, unreadable body")
def test_unreadable_body(entry, stack):
    text = EVENT.decode().replace('"n"', '"é"')
    latin = stack.send_bytes(text.encode("latin-1"))
    truncated = stack.send_bytes(EVENT[:-1])

    assert (latin.status_code, truncated.status_code) == (400, 400)
    entry.assert_shown(f"{latin.text}\n{truncated.text}")
    assert stack.send_bytes(text.encode("utf-16")).status_code == 400
    assert text.encode("utf-16")[:2].hex(" ") in entry.parts["Look"]
    assert "é".encode("latin-1").hex() in entry.parts["Look"]
    assert stack.send_bytes(text.encode()).status_code == 200


@entry_of("400, unknown event")
def test_unknown_event(entry, stack):
    rejected = stack.send("be-observer.catalog_product_saved", PRODUCT_VALUE, "u")

    entry.assert_shown(rejected.text)
    assert stack.send(f"acme.{UPDATE}", PRODUCT_VALUE, "u").status_code == 200


@entry_of("413")
def test_body_too_long(entry, stack):
    rejected = stack.send_bytes(EVENT.ljust(20_001))

    assert rejected.status_code == 413
    stack.assert_shown(entry, rejected.text)


@entry_of("500, the payload could not be mapped")
def test_a_mapping_has_a_bug(entry, tmp_path):
    """In a copy of the functions, whose mapping was edited."""
    functions = tmp_path / "functions"
    shutil.copytree(ROOT / "functions", functions)
    mapping = functions / "ingest" / "mapping.py"
    original = mapping.read_text()
    mapping.write_text(
        original.replace("    return None\n", '    return [{}["Qty"]]\n', 1)
    )
    assert mapping.read_text() != original
    environment = {
        "PYTHONPATH": str(tmp_path),
        "PUBSUB_EMULATOR_HOST": f"127.0.0.1:{free_port()}",
        "INGEST_AUTH": "token",
        "INGEST_TOKENS": f"erp:{TOKEN}",
    }
    source = str(functions / "ingest" / "main.py")
    with function("ingest", source, **environment) as server:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        response = requests.post(url(server), b"{}", headers=headers, timeout=30)
        output = server.stop()

    assert response.status_code == 500
    entry.assert_shown(response.text, log_entries(output))
    entry.assert_quotes(output.decode(), "mapping failed:")


@entry_of("503, Pub/Sub unreachable")
def test_pubsub_unreachable(entry, ingest_alone):
    headers = signature_headers(EVENT, time.time())
    response = requests.post(url(ingest_alone), EVENT, headers=headers, timeout=30)

    assert response.status_code == 503
    retry_after = f"Retry-After: {response.headers['Retry-After']}"
    logged = log_entries(ingest_alone.output())
    entry.assert_shown(f"{response.text}\n{retry_after}", logged)
    codes = [one["message"].rpartition(": ")[2] for one in logged if "stage" in one]
    assert set(codes) & {"UNAVAILABLE", "DEADLINE_EXCEEDED"}


@entry_of("405 or 404 from `GET /events/…`")
def test_status_endpoint(entry, stack, ingest_alone):
    off = requests.get(f"{url(ingest_alone)}/events/x", timeout=30)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    events = f"{stack.stack['ingest']}/events/"
    unseen = requests.get(f"{events}unseen", headers=headers, timeout=30)

    assert (off.status_code, unseen.status_code) == (405, 404)
    entry.assert_shown(f"{off.text}\n{unseen.text}")
    stack.publish(PRODUCT_CREATE, product("SEEN"), "a/b")
    stack.trace("a/b", "handled")
    seen = requests.get(f"{events}a%2Fb", headers=headers, timeout=30)
    assert (seen.status_code, seen.json()["state"]) == (200, "handled")
