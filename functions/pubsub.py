"""What ingest and consumer share of Pub/Sub: where it is, and its Publish method."""

import json
from dataclasses import dataclass

from google.pubsub_v1.types import PublishRequest as _PublishRequest
from google.pubsub_v1.types import PublishResponse as _PublishResponse
from google.pubsub_v1.types import PubsubMessage as _PubsubMessage

# The bare protobuf classes: building a message through proto-plus costs five times
# as much.
PublishRequest = _PublishRequest.pb()
PublishResponse = _PublishResponse.pb()
PubsubMessage = _PubsubMessage.pb()

PUBLISH = "/google.pubsub.v1.Publisher/Publish"
SCOPES = ("https://www.googleapis.com/auth/pubsub",)
DEFAULT_ENDPOINT = "pubsub.googleapis.com:443"

# What Google's own clients send Publish again for. A second copy of a message does no
# harm: the ledger knows its uid.
_RETRIED = ["ABORTED", "INTERNAL", "RESOURCE_EXHAUSTED", "UNAVAILABLE", "UNKNOWN"]
CHANNEL_OPTIONS = (
    (
        "grpc.service_config",
        json.dumps(
            {
                "methodConfig": [
                    {
                        "name": [{"service": "google.pubsub.v1.Publisher"}],
                        "retryPolicy": {
                            "maxAttempts": 5,
                            "initialBackoff": "0.1s",
                            "maxBackoff": "2s",
                            "backoffMultiplier": 2,
                            "retryableStatusCodes": _RETRIED,
                        },
                    }
                ]
            }
        ),
    ),
    # A connection that a load balancer dropped in silence is noticed within 40 s.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # After an outage, try again within seconds instead of gRPC's two minutes.
    ("grpc.max_reconnect_backoff_ms", 5_000),
)


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


def publish_request(
    topic: str, data: bytes, attributes: dict[str, str], ordering_key: str
) -> "PublishRequest":
    """One message for one topic."""
    return PublishRequest(
        topic=topic,
        messages=[
            PubsubMessage(data=data, attributes=attributes, ordering_key=ordering_key)
        ],
    )
