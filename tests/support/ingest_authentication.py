"""Tokens and signatures for ingest's doors, and what one that stays shut says."""

import base64
import hashlib
import hmac
import json
import time

from tests.ingest.served import event

ERP, ERP_NEXT, WMS = "erp-token-old-00001", "erp-token-new-00002", "wms-token-00000003"
KEYS = [bytes(range(n, n + 32)) for n in (0, 50, 100)]
SECRETS = ["whsec_" + base64.b64encode(key).decode() for key in KEYS]
BODY = json.dumps(event()).encode()


def source(pubsub) -> str:
    [(_, message)] = pubsub.stored
    return message.attributes["ce-source"]


def assert_refused(answer, pubsub, challenge='Bearer realm="events"'):
    assert answer.status_code == 401
    assert answer.json() == {"error": "Unauthorized"}
    assert answer.headers["www-authenticate"] == challenge
    assert pubsub.requests == []


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
