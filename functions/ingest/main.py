"""Entry point ``ingest``: accepts events from third parties and publishes them."""

import gc
import os

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from functions.ingest.ingest import Ingest
from functions.ingest.settings import IngestSettings
from functions.ingest.status import Status
from functions.ledger.stores import open_ledger
from functions.log import Logger
from functions.pubsub.endpoint import endpoint
from functions.pubsub.publisher import Publisher
from functions.settings import from_environment
from functions.tracing import tracing
from functions.web import http1


def build(settings: IngestSettings) -> Ingest:
    """Put an Ingest together; nothing connects yet."""
    publisher = Publisher(
        settings.project,
        endpoint(settings.pubsub_emulator, settings.pubsub_endpoint),
        settings.publish_timeout,
    )
    return Ingest(
        settings,
        publisher,
        Logger(settings.log_level, settings.project),
        tracing(settings.otlp_endpoint, "ingest"),
        _status(settings),
    )


def _status(settings: IngestSettings) -> Status | None:
    if not settings.ledger:
        return None
    return Status(open_ledger(settings.ledger, settings.project, settings.ledger_key))


http1.install()
_ingest = build(from_environment(IngestSettings, os.environ))

# The modules loaded by now stay for the life of the process, so the collector need not
# visit them; and requests create hardly any cycles, so it need not run often.
gc.freeze()
gc.set_threshold(10_000, 20, 50)


@functions_framework.aio.http
async def ingest(request: Request) -> Response:
    """Accept one event; the contract is docs/openapi.json."""
    return await _ingest.respond(request)
