"""Entry point ``consumer``: receives pushes of Pub/Sub and direct calls."""

import gc
import os

import flask
import functions_framework

from functions.commerce.client import CommerceConnection
from functions.commerce.settings import CommerceSettings
from functions.consumer.consumer import Consumer
from functions.consumer.dead_letter_topic import DeadLetterTopic
from functions.consumer.settings import ConsumerSettings
from functions.events.catalog import delivery_settings
from functions.ledger.stores import open_ledger
from functions.log import Logger
from functions.pubsub.endpoint import endpoint
from functions.settings import all_from_environment
from functions.tracing import tracing

LEASE_MARGIN_SECONDS = 10  # beyond one call, to record its outcome


def build(settings: ConsumerSettings, commerce: CommerceSettings) -> Consumer:
    """Put a consumer together; nothing connects yet."""
    return Consumer(
        open_ledger(
            settings.ledger,
            settings.project,
            settings.ledger_key,
            commerce.timeout_seconds + LEASE_MARGIN_SECONDS,
            settings.ledger_days,
        ),
        CommerceConnection(commerce),
        DeadLetterTopic(
            settings.project,
            settings.dead_letters,
            endpoint(settings.pubsub_emulator, settings.pubsub_endpoint),
        ),
        Logger(settings.log_level, settings.project),
        tracing(settings.otlp_endpoint, "consumer"),
        delivery_settings()["handler_budget_seconds"],
    )


_consumer = build(*all_from_environment(os.environ, ConsumerSettings, CommerceSettings))

# What is loaded by now stays. The collector need not look at it, so the worker, a fork,
# goes on sharing its memory with the process that loaded it.
gc.freeze()


@functions_framework.http
def consumer(request: flask.Request) -> flask.Response:
    """Answer a push with the verdict for Pub/Sub, a direct call with its status."""
    if request.method != "POST":
        error = {"statusCode": 405, "body": {"error": "POST only"}}
        response = flask.jsonify(error=error)
        response.status_code = 405
        response.headers["Allow"] = "POST"
        return response
    status, result = _consumer.respond(
        request.get_data(), request.headers.get("traceparent")
    )
    response = flask.jsonify(result.body)
    response.status_code = status
    if result.retry_after is not None and not result.final:
        response.headers["Retry-After"] = str(round(result.retry_after))
    return response
