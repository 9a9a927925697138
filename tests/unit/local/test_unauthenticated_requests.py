"""Hints for the operator about a caller that ingest does not know."""

import json
import time

from functions.ingest.settings import IngestSettings
from functions.settings import from_environment
from functions.standard_webhooks import sign
from local.unauthenticated_requests import explanation

ERP = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
WMS = "whsec_YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODk="
EVENT = {"data": {"uid": "u", "value": {"name": "é"}}}
SENT = json.dumps(EVENT).encode()
CHANGED = "The secret of wms signed the same JSON in another format"


def settings(**variables: str) -> IngestSettings:
    given = {"GOOGLE_CLOUD_PROJECT": "p", **variables}
    return from_environment(IngestSettings, given)


def hmac_hint(signed: bytes, secret: str = WMS) -> str:
    known = settings(INGEST_AUTH="hmac", INGEST_HMAC_SECRETS=f"erp:{ERP},wms:{WMS}")
    now = str(int(time.time()))
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": now,
        "webhook-signature": sign([secret], "msg_1", int(now), signed),
    }
    return explanation(known, headers, SENT)


def test_a_body_formatted_after_signing_is_recognised(subtests):
    for signed in [
        json.dumps(EVENT, separators=(",", ":")).encode(),
        json.dumps(EVENT, ensure_ascii=False).encode(),
        json.dumps(EVENT, indent=2, ensure_ascii=False).encode(),
        SENT + b"\n",
    ]:
        with subtests.test(signed=signed):
            assert hmac_hint(signed).startswith(CHANGED)


def test_otherwise_the_known_callers_are_named():
    names = "INGEST_HMAC_SECRETS has secrets of: erp, wms."

    assert hmac_hint(SENT, "whsec_" + "A" * 44) == names
    assert hmac_hint(b"another body") == names
    hmac = settings(INGEST_AUTH="hmac", INGEST_HMAC_SECRETS=f"erp:{ERP},wms:{WMS}")
    assert explanation(hmac, {}, b"no JSON") == names
    tokens = f"erp:{'a' * 40},wms:{'b' * 40}"
    token = settings(INGEST_AUTH="token", INGEST_TOKENS=tokens)
    assert explanation(token, {}, b"") == "INGEST_TOKENS has secrets of: erp, wms."
