"""Entry point ``commerce_events``: receives Commerce's own events from Adobe."""

import gc
import os

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from functions.commerce_events.public_keys import PublicKeys
from functions.commerce_events.receiver import CommerceEvents
from functions.commerce_events.registration import Registrations
from functions.commerce_events.settings import CommerceEventsSettings
from functions.log import Logger
from functions.pubsub.endpoint import endpoint
from functions.pubsub.publisher import Publisher
from functions.settings import from_environment
from functions.tracing import tracing
from functions.web import http1

PUBLISH_TIMEOUT_SECONDS = 5.0  # within the deadline of a request


def build(settings: CommerceEventsSettings) -> CommerceEvents:
    """Put a receiver together; nothing connects yet."""
    publisher = Publisher(
        settings.project,
        endpoint(settings.pubsub_emulator, settings.pubsub_endpoint),
        PUBLISH_TIMEOUT_SECONDS,
    )
    return CommerceEvents(
        settings,
        publisher,
        PublicKeys(settings.keys_url),
        Registrations(),
        Logger(settings.log_level, settings.project),
        tracing(settings.otlp_endpoint, "commerce_events"),
    )


http1.install()
_receiver = build(from_environment(CommerceEventsSettings, os.environ))

# As in ingest: what is loaded by now stays, and requests create hardly any cycles.
gc.freeze()
gc.set_threshold(10_000, 20, 50)


@functions_framework.aio.http
async def commerce_events(request: Request) -> Response:
    """Receive one event, or up to 20."""
    return await _receiver.respond(request)
