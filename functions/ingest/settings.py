"""Ingest's settings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.ledger.settings import LedgerSettings, lacking_key
from functions.ledger.stores import check
from functions.log import severity_level
from functions.pubsub.settings import PubSubSettings
from functions.settings import listed, one_of, setting, text, whole
from functions.standard_webhooks import check_secret

MIN_TOKEN_LENGTH = 16  # characters; a shorter one can be guessed
# The settings that each authentication method needs.
AUTH_SETTINGS = {
    "token": ("INGEST_TOKENS",),
    "hmac": ("INGEST_HMAC_SECRETS",),
    "oidc": ("INGEST_OIDC_AUDIENCE", "INGEST_OIDC_EMAILS"),
}
MAX_BODY_BYTES_LIMIT = 8_000_000  # leaves room within the 10 MB of a Pub/Sub request
CALLER_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class Secret:
    """One caller's secret.

    Attributes:
        caller: name that goes into ``ce-source`` and logs.
        value: the token, or the signing secret.
    """

    caller: str
    value: str

    def __repr__(self) -> str:
        return f"Secret(caller={self.caller!r})"


def _parse_secrets(value: str) -> list[Secret]:
    secrets = []
    for part in listed(value):
        name, colon, rest = part.partition(":")
        name, rest = name.rstrip(), rest.lstrip()
        if colon and not CALLER_NAME.fullmatch(name):
            raise ValueError(
                "holds a caller's name that is not 1-64 letters, digits, '.', '_', '-'"
            )
        secrets.append(Secret(name, rest) if colon else Secret("caller", part))
    if not secrets:
        raise ValueError("names no secret")
    if len({secret.value for secret in secrets}) < len(secrets):
        raise ValueError("holds one secret twice, so it names no caller")
    return secrets


def tokens(value: str) -> tuple[Secret, ...]:
    """``[name:]token``, comma-separated.

    Raises:
        ValueError: one is short, occurs twice, or does not fit a header.
    """
    secrets = _parse_secrets(value)
    if any(len(secret.value) < MIN_TOKEN_LENGTH for secret in secrets):
        raise ValueError(f"holds a token of fewer than {MIN_TOKEN_LENGTH} characters")
    if any(not secret.value.isascii() for secret in secrets):
        raise ValueError("holds a token with other than ASCII characters")
    return tuple(secrets)


def signing_secrets(value: str) -> tuple[Secret, ...]:
    """``[name:]whsec_<base64>``, comma-separated.

    Raises:
        ValueError: one is not of that form, is short, or occurs twice.
    """
    secrets = _parse_secrets(value)
    for secret in secrets:
        check_secret(secret.value)
    return tuple(secrets)


@dataclass(frozen=True)
class IngestSettings(LedgerSettings, PubSubSettings):
    """Ingest's settings."""

    publish_timeout: int = setting(
        "PUBLISH_TIMEOUT_SECONDS",
        whole(1, 60),
        "How long to try to hand an event to Pub/Sub, in seconds, before a 503.",
        10,
    )
    max_body_bytes: int = setting(
        "MAX_BODY_BYTES",
        whole(1_000, MAX_BODY_BYTES_LIMIT),
        f"Longest body taken, in bytes, at most {MAX_BODY_BYTES_LIMIT}; a longer one is"
        " a 413. Each request in flight may hold twice as much memory.",
        1_048_576,
    )
    auth: str = setting(
        "INGEST_AUTH",
        one_of("none", "token", "hmac", "oidc"),
        "How callers prove who they are: none, token, hmac or oidc. Unset, none, and no"
        " other INGEST_ setting may be set.",
        "none",
    )
    tokens: tuple[Secret, ...] = setting(
        "INGEST_TOKENS",
        tokens,
        "Tokens under token: comma-separated, each as name:token or token.",
        (),
        secret=True,
    )
    hmac_secrets: tuple[Secret, ...] = setting(
        "INGEST_HMAC_SECRETS",
        signing_secrets,
        "Secrets under hmac: comma-separated, each as name:whsec_… or whsec_….",
        (),
        secret=True,
    )
    oidc_audience: str = setting(
        "INGEST_OIDC_AUDIENCE", text, "Audience demanded of ID tokens under oidc.", ""
    )
    oidc_emails: tuple[str, ...] = setting(
        "INGEST_OIDC_EMAILS",
        listed,
        "Who may call under oidc: e-mail addresses, comma-separated.",
        (),
    )
    ledger: str = setting(
        "LEDGER",
        check,
        "Where GET /events/<uid> looks: as the consumers' LEDGER; unset, it is off.",
        "",
    )
    otlp_endpoint: str = setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        text,
        "Where OpenTelemetry's spans are sent; unset, there are none.",
        "",
    )
    log_level: str = setting(
        "LOG_LEVEL",
        severity_level,
        "Least severity that is logged: debug, info, warning, error or critical.",
        "INFO",
    )

    @staticmethod
    def conflicts(given: Mapping[str, Any]) -> list[str]:
        """See ``all_from_environment``."""
        errors = lacking_key(given) if "LEDGER" in given else []
        if auth := given.get("INGEST_AUTH"):
            needed = AUTH_SETTINGS.get(auth, ())
            if missing := [name for name in needed if not given.get(name)]:
                errors.append(
                    f"INGEST_AUTH is {auth}, so {' and '.join(missing)} must be set"
                )
            return errors
        # A forgotten INGEST_AUTH must not admit everybody.
        unused = {
            auth: [name for name in needed if name in given]
            for auth, needed in AUTH_SETTINGS.items()
        }
        if set_names := [name for names in unused.values() for name in names]:
            methods = [auth for auth, names in unused.items() if names]
            errors.append(
                f"{' and '.join(set_names)} {'is' if len(set_names) == 1 else 'are'}"
                f" set, but INGEST_AUTH is not: set INGEST_AUTH={' or '.join(methods)}"
            )
        return errors
