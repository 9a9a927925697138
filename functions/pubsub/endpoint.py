"""Where Pub/Sub is, and what its topics are called there."""

from dataclasses import dataclass

DEFAULT_ENDPOINT = "pubsub.googleapis.com:443"


@dataclass(frozen=True)
class Endpoint:
    """Where Pub/Sub is.

    Attributes:
        address: ``host:port``.
        emulator: without TLS and sign-in.
    """

    address: str
    emulator: bool


def endpoint(emulator: str, configured: str) -> Endpoint:
    """The *emulator* where one is set, else *configured*, else the global one."""
    if emulator:
        return Endpoint(emulator, True)
    address = configured.removeprefix("https://").rstrip("/") or DEFAULT_ENDPOINT
    return Endpoint(address if ":" in address else f"{address}:443", False)


def topic_path(project: str, topic: str) -> str:
    """``projects/P/topics/T``; a full path is kept."""
    if topic.startswith("projects/"):
        return topic
    return f"projects/{project}/topics/{topic}"
