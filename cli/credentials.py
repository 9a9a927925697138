"""What the tools of this project send to ingest so that it accepts their events."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from functions.ingest.settings import signing_secrets
from functions.standard_webhooks import sign


class InvalidSecret(ValueError):
    """A signing secret cannot be used; the text says why."""


@dataclass(frozen=True)
class Credentials:
    """A token, or a secret that signs; empty text for none.

    Attributes:
        token: sent as ``Authorization: Bearer``.
        secret: ``whsec_<base64>``; signs as Standard Webhooks.
    """

    token: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)

    def headers(self, body: bytes) -> dict[str, str]:
        """The headers that authenticate *body*.

        Each call takes a ``webhook-id`` of its own: the operator posts another event.
        """
        if self.token:
            return {"Authorization": f"Bearer {self.token}"}
        if not self.secret:
            return {}
        identifier, timestamp = f"msg_{uuid.uuid4().hex}", int(time.time())
        signature = sign([self.secret], identifier, timestamp, body)
        return {
            "webhook-id": identifier,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature,
        }


def local_credentials(environment: Mapping[str, str]) -> Credentials:
    """The first of INGEST_TOKENS, or the first of INGEST_HMAC_SECRETS.

    Where both are set, INGEST_AUTH names the one that ingest reads.

    Raises:
        InvalidSecret: INGEST_HMAC_SECRETS is invalid.
    """
    token = _first(environment.get("INGEST_TOKENS", ""))
    signs = environment.get("INGEST_AUTH", "") == "hmac" or not token
    return signing_credentials(environment) if signs else Credentials(token)


def signing_credentials(environment: Mapping[str, str]) -> Credentials:
    """The first of INGEST_HMAC_SECRETS, where it is set.

    Raises:
        InvalidSecret: INGEST_HMAC_SECRETS is invalid.
    """
    value = environment.get("INGEST_HMAC_SECRETS", "")
    if not value:
        return Credentials()
    try:
        return Credentials(secret=signing_secrets(value)[0].value)
    except ValueError as error:
        raise InvalidSecret(f"INGEST_HMAC_SECRETS {error}") from None


def _first(value: str) -> str:
    """The first secret of ``[name:]secret``, comma-separated."""
    return value.partition(",")[0].rpartition(":")[2].strip()
