"""Pub/Sub's address and the full names of topics."""

from dataclasses import dataclass

DEFAULT_ENDPOINT = "pubsub.googleapis.com:443"


@dataclass(frozen=True)
class Endpoint:
    """Pub/Sub's address.

    Attributes:
        address: ``host:port``.
        emulator: without TLS and authentication.
    """

    address: str
    emulator: bool


def endpoint(emulator: str, configured: str) -> Endpoint:
    """The *emulator* if set, else *configured*, else the global endpoint."""
    if emulator:
        return Endpoint(emulator, True)
    address = configured.removeprefix("https://").rstrip("/") or DEFAULT_ENDPOINT
    return Endpoint(address if ":" in address else f"{address}:443", False)


def topic_path(project: str, topic: str) -> str:
    """``projects/P/topics/T``; a full path stays as it is."""
    if topic.startswith("projects/"):
        return topic
    return f"projects/{project}/topics/{topic}"
