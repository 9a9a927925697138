"""Pub/Sub's Publish method."""

import json
from collections.abc import Callable

import grpc
import grpc.aio

from functions.pubsub.address import Endpoint
from functions.pubsub.wire import message_ids

PUBLISH = "/google.pubsub.v1.Publisher/Publish"
SCOPES = ("https://www.googleapis.com/auth/pubsub",)

# What Google's own clients send Publish again for
# (google.pubsub_v1.services.publisher.transports.base). CANCELLED is what a server says
# that is going down. A second copy of a message does no harm: the ledger knows its uid.
_RETRIED = [
    "ABORTED",
    "CANCELLED",
    "DEADLINE_EXCEEDED",
    "INTERNAL",
    "RESOURCE_EXHAUSTED",
    "UNAVAILABLE",
    "UNKNOWN",
]
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


def publish_method(where: Endpoint, aio: bool = False) -> Callable:
    """Publish as a callable of request and ``timeout``; connects when first called.

    It takes what ``wire.publish_request`` gives, and returns the message ids; None
    where gRPC could make nothing of the answer.

    Args:
        aio: for the event loop that runs now, instead of for threads.
    """
    if where.emulator:
        module = grpc.aio if aio else grpc
        channel = module.insecure_channel(where.address, options=CHANNEL_OPTIONS)
    else:
        # These sign in through google-auth; not imported where nobody signs in.
        if aio:
            from google.api_core import grpc_helpers_async as helpers
        else:
            from google.api_core import grpc_helpers as helpers
        channel = helpers.create_channel(
            where.address, default_scopes=SCOPES, options=CHANNEL_OPTIONS
        )
    return channel.unary_unary(PUBLISH, response_deserializer=message_ids)
