"""The Pub/Sub settings that all functions and commands share."""

from dataclasses import dataclass

from functions.settings import setting, text


@dataclass(frozen=True)
class PubSubSettings:
    """Project, topics and endpoint."""

    project: str = setting(
        "GOOGLE_CLOUD_PROJECT", text, "The Google Cloud project's id."
    )
    topic_prefix: str = setting(
        "TOPIC_PREFIX", text, "An entity's topic is this and the entity.", "commerce-"
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
        "Google's own switch: a Pub/Sub without TLS and authentication, host:port.",
        "",
    )
