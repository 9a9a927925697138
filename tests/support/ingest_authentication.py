"""Tokens and signatures for ingest, and its response to others."""

import base64
import hashlib
import hmac
import json
import time

from tests.support.ingest_app import event

ERP, ERP_NEXT, WMS = "erp-token-old-00001", "erp-token-new-00002", "wms-token-00000003"
KEYS = [bytes(range(n, n + 32)) for n in (0, 50, 100)]
SECRETS = ["whsec_" + base64.b64encode(key).decode() for key in KEYS]
BODY = json.dumps(event()).encode()


def source(publisher) -> str:
    """The ``ce-source`` of the one event that was published."""
    [(_, message)] = publisher.published
    return message.attributes["ce-source"]


def assert_unauthorized(response, publisher, challenge='Bearer realm="events"'):
    """It is a 401, and nothing is published."""
    assert response.status_code == 401
    assert response.json() == {"error": "Unauthorized"}
    assert response.headers["www-authenticate"] == challenge
    assert publisher.published == []


def signed(key: bytes, body: bytes = BODY, uid="msg_1", at: str | None = None) -> dict:
    """Standard Webhooks' headers, made here without the library under test."""
    at = str(int(time.time())) if at is None else at
    to_sign = f"{uid}.{at}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, to_sign, hashlib.sha256)).decode()
    return {
        "webhook-id": uid,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{signature}",
    }
