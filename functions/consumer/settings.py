"""A consumer's settings, beside those of the Commerce client and the target."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.ledger.settings import LedgerSettings, lacking_key
from functions.ledger.stores import check
from functions.log import severity_level
from functions.pubsub.settings import PubSubSettings
from functions.settings import setting, text, whole


@dataclass(frozen=True)
class NothingServed:
    """In place of the settings of Commerce and target: neither is set, an error."""

    @staticmethod
    def conflicts(given: Mapping[str, Any]) -> list[str]:
        """See ``all_from_environment``."""
        return [
            "neither COMMERCE_BASE_URL nor TARGET_URL is set: set COMMERCE_BASE_URL to"
            " serve inbound events, TARGET_URL to serve outbound events"
        ]


@dataclass(frozen=True)
class ConsumerSettings(LedgerSettings, PubSubSettings):
    """Everything that can be set for a consumer."""

    dead_letter_topic: str = setting(
        "DEAD_LETTER_TOPIC",
        text,
        "Topic in which rejected events are stored.",
        "",
        shown="{TOPIC_PREFIX}dead-letters",
    )
    ledger: str = setting(
        "LEDGER",
        check,
        "Where deliveries and results are recorded: memory, sqlite:PATH or"
        " firestore[:DATABASE]. memory is lost when the instance ends.",
        "memory",
    )
    ledger_days: int = setting(
        "LEDGER_DAYS",
        whole(1, 3650),
        "Days that the ledger keeps a record: more than a dead letter is kept.",
        35,
    )
    echo_seconds: int = setting(
        "ECHO_SECONDS",
        whole(0, 86_400),
        "Seconds after a change of ours in which Commerce's event of it is recognised"
        " and not delivered; 0 is off, for deployments without outbound events.",
        600,
    )
    firestore_emulator: str = setting(
        "FIRESTORE_EMULATOR_HOST",
        text,
        "Google's switch: a Firestore without TLS and authentication, host:port.",
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
        return lacking_key(given)

    @property
    def dead_letters(self) -> str:
        """The dead-letter topic's name."""
        return self.dead_letter_topic or f"{self.topic_prefix}dead-letters"
