"""Pub/Sub's Publish method."""

import json
from collections.abc import Callable

import grpc
import grpc.aio

from functions.pubsub.endpoint import Endpoint
from functions.pubsub.wire import message_ids

PUBLISH = "/google.pubsub.v1.Publisher/Publish"
SCOPES = ("https://www.googleapis.com/auth/pubsub",)

# What Google's own clients send Publish again for
# (google.pubsub_v1.services.publisher.transports.base). CANCELLED is what a server says
# that is going down. A second copy of a message does no harm: the ledger knows its uid.
RETRIED = frozenset(
    {
        "ABORTED",
        "CANCELLED",
        "DEADLINE_EXCEEDED",
        "INTERNAL",
        "RESOURCE_EXHAUSTED",
        "UNAVAILABLE",
        "UNKNOWN",
    }
)
RETRY_WAITS = (0.1, 0.2, 0.4, 0.8)  # seconds before the second try and those after

_OPTIONS = (
    # A connection that a load balancer dropped in silence is noticed within 40 s.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # After an outage, try again within seconds instead of gRPC's two minutes.
    ("grpc.max_reconnect_backoff_ms", 5_000),
)
_RETRIES = (
    (
        "grpc.service_config",
        json.dumps(
            {
                "methodConfig": [
                    {
                        "name": [{"service": "google.pubsub.v1.Publisher"}],
                        "retryPolicy": {
                            "maxAttempts": len(RETRY_WAITS) + 1,
                            "initialBackoff": f"{RETRY_WAITS[0]}s",
                            "maxBackoff": f"{RETRY_WAITS[-1]}s",
                            "backoffMultiplier": 2,
                            "retryableStatusCodes": sorted(RETRIED),
                        },
                    }
                ]
            }
        ),
    ),
)
# What gRPC keeps ready for trying again costs each call as much as validating an event.
_NO_RETRIES = (("grpc.enable_retries", 0),)


def publish_method(where: Endpoint, aio: bool = False) -> Callable:
    """Publish as a callable of request and ``timeout``; connects when first called.

    It takes what ``wire.publish_request`` gives, and returns the message ids. An answer
    that gRPC can make nothing of is None with *aio*, and else the error INTERNAL.

    Args:
        aio: for the event loop that runs now, and without retries; instead of for
            threads, where gRPC makes them.
    """
    options = _OPTIONS + (_NO_RETRIES if aio else _RETRIES)
    if where.emulator:
        module = grpc.aio if aio else grpc
        channel = module.insecure_channel(where.address, options=options)
    else:
        # These sign in through google-auth; not imported where nobody signs in.
        if aio:
            from google.api_core import grpc_helpers_async as helpers
        else:
            from google.api_core import grpc_helpers as helpers
        channel = helpers.create_channel(
            where.address, default_scopes=SCOPES, options=options
        )
    return channel.unary_unary(PUBLISH, response_deserializer=message_ids)
