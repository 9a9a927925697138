"""What a consumer reads from its environment, beside the Commerce client's settings."""

from dataclasses import dataclass

from functions.ledger.stores import check
from functions.log import level
from functions.pubsub.settings import PubSubSettings
from functions.settings import setting, text, whole


@dataclass(frozen=True)
class ConsumerSettings(PubSubSettings):
    """Everything that can be set for a consumer."""

    dead_letter_topic: str = setting(
        "DEAD_LETTER_TOPIC",
        text,
        "Topic that refused events are stored in.",
        "",
        shown="{TOPIC_PREFIX}dead-letters",
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
