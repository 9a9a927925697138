"""Entry point ``consumer``: is pushed events, and takes direct calls."""

import gc
import os

import flask
import functions_framework

from functions.commerce.client import CommerceConnection
from functions.commerce.settings import CommerceSettings
from functions.consumer.consumer import Consumer
from functions.consumer.dead_letter_topic import DeadLetters
from functions.consumer.settings import ConsumerSettings
from functions.events.catalog import delivery_settings
from functions.ledger.ledger import Ledger
from functions.ledger.stores import open_store
from functions.log import Log
from functions.pubsub.endpoint import endpoint
from functions.settings import all_from_environment
from functions.tracing import tracing

LEASE_MARGIN_SECONDS = 10  # beyond one call's time, for recording what came of it


def build(settings: ConsumerSettings, commerce: CommerceSettings) -> Consumer:
    """Put a consumer together; nothing connects yet."""
    store = open_store(settings.ledger, settings.project)
    lease = commerce.timeout_seconds + LEASE_MARGIN_SECONDS
    return Consumer(
        Ledger(store, lease, settings.ledger_days),
        CommerceConnection(commerce),
        DeadLetters(
            settings.project,
            settings.dead_letters,
            endpoint(settings.pubsub_emulator, settings.pubsub_endpoint),
        ),
        Log(settings.log_level, settings.project),
        tracing(settings.otlp_endpoint, "consumer"),
        delivery_settings()["handler_budget_seconds"],
    )


_consumer = build(*all_from_environment(os.environ, ConsumerSettings, CommerceSettings))

# All that is loaded by now stays, and the collector need not go through it: the worker,
# a fork of the process that loaded it, goes on sharing it.
gc.freeze()


@functions_framework.http
def consumer(request: flask.Request) -> flask.Response:
    """ConsumerResult a push with Pub/Sub's verdict, a direct call with the handler's status."""
    if request.method != "POST":
        answer = flask.jsonify(
            error={"statusCode": 405, "body": {"error": "POST only"}}
        )
        answer.status_code, answer.headers["Allow"] = 405, "POST"
        return answer
    status, answer = _consumer.answer(
        request.get_data(), request.headers.get("traceparent")
    )
    response = flask.jsonify(answer.body)
    response.status_code = status
    if answer.retry_after is not None and not answer.final:
        response.headers["Retry-After"] = str(round(answer.retry_after))
    return response
