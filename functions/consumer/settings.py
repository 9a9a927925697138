"""What a consumer reads from its environment, beside the Commerce client's settings."""

from dataclasses import dataclass

from functions.ledger.open import check
from functions.log import level
from functions.settings import setting, text, whole


@dataclass(frozen=True)
class ConsumerSettings:
    """Everything that can be set for a consumer."""

    project: str = setting(
        "GOOGLE_CLOUD_PROJECT", text, "The Google Cloud project's id."
    )
    topic_prefix: str = setting(
        "TOPIC_PREFIX", text, "An entity's topic is this and the entity.", "commerce-"
    )
    dead_letter_topic: str = setting(
        "DEAD_LETTER_TOPIC",
        text,
        "Topic that refused events are stored in.",
        "",
        shown="{TOPIC_PREFIX}dead-letters",
    )
    pubsub_endpoint: str = setting(
        "PUBSUB_ENDPOINT",
        text,
        "Regional Pub/Sub endpoint; ordering holds within one region.",
        "",
        shown="pubsub.googleapis.com:443",
    )
    pubsub_emulator: str = setting(
        "PUBSUB_EMULATOR_HOST",
        text,
        "Google's own switch: a Pub/Sub without TLS and sign-in, as host:port.",
        "",
    )
    ledger: str = setting(
        "LEDGER",
        check,
        "Where it is remembered what was done: memory, sqlite:PATH or"
        " firestore[:DATABASE]. memory forgets when the instance ends.",
        "memory",
    )
    ledger_days: int = setting(
        "LEDGER_DAYS",
        whole(1, 3650),
        "How long the ledger remembers, in days: longer than a dead letter is kept.",
        35,
    )
    firestore_emulator: str = setting(
        "FIRESTORE_EMULATOR_HOST",
        text,
        "Google's own switch: a Firestore without TLS and sign-in, as host:port.",
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
        level,
        "Least severity that is logged: debug, info, warning, error or critical.",
        "INFO",
    )

    @property
    def dead_letters(self) -> str:
        """The dead-letter topic's name."""
        return self.dead_letter_topic or f"{self.topic_prefix}dead-letters"
