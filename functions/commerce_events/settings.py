"""The receiver's settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from functions.log import severity_level
from functions.pubsub.settings import PubSubSettings
from functions.settings import one_of, setting, text

KEYS_URL = "https://static.adobeioevents.com"
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


def loopback_address(value: str) -> str:
    """``http://HOST:PORT`` of this machine.

    Raises:
        ValueError: it is another host, or has a path, query or user.
    """
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    shown = f"[{host}]" if host and ":" in host else host
    if host not in LOOPBACK_HOSTS or value.rstrip("/") != f"http://{shown}:{port}":
        raise ValueError("must be http://127.0.0.1:PORT, for tests on one machine")
    return value.rstrip("/")


@dataclass(frozen=True)
class CommerceEventsSettings(PubSubSettings):
    """The settings of the receiver of Commerce's own events."""

    auth: str = setting(
        "COMMERCE_EVENTS_AUTH",
        one_of("adobe", "none"),
        "How deliveries of Adobe I/O Events are authenticated: adobe, by their"
        " signature and OAUTH_CLIENT_ID; none, not at all, on one machine only.",
        "adobe",
    )
    client_id: str = setting(
        "OAUTH_CLIENT_ID",
        text,
        "Client id of the Adobe project that registered this address; required under"
        " adobe.",
        "",
    )
    keys_url: str = setting(
        "ADOBE_KEYS_URL",
        loopback_address,
        "Where Adobe's public keys are fetched, for tests: a loopback address.",
        KEYS_URL,
    )
    dead_letter_topic: str = setting(
        "DEAD_LETTER_TOPIC",
        text,
        "Topic in which rejected events are stored.",
        "",
        shown="{TOPIC_PREFIX}dead-letters",
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
    k_service: str = setting(
        "K_SERVICE",
        text,
        "Set by Cloud Run: there, COMMERCE_EVENTS_AUTH must be adobe, and"
        " ADOBE_KEYS_URL unset.",
        "",
    )

    @staticmethod
    def conflicts(given: Mapping[str, Any]) -> list[str]:
        """See ``all_from_environment``."""
        errors = []
        auth = given.get("COMMERCE_EVENTS_AUTH", "adobe")
        if auth == "adobe" and not given.get("OAUTH_CLIENT_ID"):
            errors.append(
                "COMMERCE_EVENTS_AUTH is adobe, so OAUTH_CLIENT_ID must be set"
            )
        if "K_SERVICE" in given:
            if auth == "none":
                errors.append("COMMERCE_EVENTS_AUTH must not be none on Google Cloud")
            if "ADOBE_KEYS_URL" in given:
                errors.append("ADOBE_KEYS_URL must not be set on Google Cloud")
        return errors

    @property
    def dead_letters(self) -> str:
        """The dead-letter topic's name."""
        return self.dead_letter_topic or f"{self.topic_prefix}dead-letters"
