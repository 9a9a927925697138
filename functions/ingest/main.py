"""Entry point ``ingest``: takes events from third parties and publishes them."""

import gc
import os

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from functions.ingest.batched import Batched
from functions.ingest.ingest import Ingest
from functions.ingest.publisher import Publisher
from functions.ingest.settings import IngestSettings
from functions.ingest.status import Status
from functions.log import Log
from functions.pubsub.endpoint import endpoint
from functions.settings import from_environment
from functions.tracing import tracing


def build(settings: IngestSettings, lines: Batched) -> Ingest:
    """Put an Ingest together; nothing connects yet.

    Args:
        lines: where its log goes.
    """
    publisher = Publisher(
        settings.project,
        endpoint(settings.pubsub_emulator, settings.pubsub_endpoint),
        settings.publish_timeout,
    )
    return Ingest(
        settings,
        publisher,
        Log(settings.log_level, settings.project, lines),
        tracing(settings.otlp_endpoint, "ingest"),
        Status(settings.ledger, settings.project) if settings.ledger else None,
    )


_lines = Batched()
_ingest = build(from_environment(IngestSettings, os.environ), _lines)

# All that is loaded by now stays: the collector need not go through it again and again.
# And requests make no cycles to speak of: it need not come so often.
gc.freeze()
gc.set_threshold(10_000, 20, 50)


@functions_framework.aio.http
async def ingest(request: Request) -> Response:
    """Take one event; the contract is docs/openapi.json."""
    with _lines:
        return await _ingest.answer(request)
