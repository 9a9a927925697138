"""Entry point ``consumer``: receives pushes of Pub/Sub and direct calls."""

import gc
import os
from collections.abc import Mapping
from typing import Any

import flask
import functions_framework

from functions.commerce.client import CommerceConnection
from functions.commerce.settings import CommerceSettings
from functions.consumer.consumer import Consumer
from functions.consumer.dead_letter_topic import DeadLetterTopic
from functions.consumer.settings import ConsumerSettings, NothingServed
from functions.events.catalog import delivery_settings
from functions.ledger.stores import open_ledger
from functions.log import Logger
from functions.pubsub.endpoint import endpoint
from functions.settings import all_from_environment
from functions.target.client import TargetConnection
from functions.target.settings import TargetSettings, is_target_set
from functions.tracing import tracing

LEASE_MARGIN_SECONDS = 10  # beyond one call, to record its outcome


def build(environment: Mapping[str, str]) -> Consumer:
    """Put a consumer together; nothing connects yet.

    Raises:
        SettingsError: settings are missing or invalid; names all of them.
    """
    classes: list[type] = []
    if environment.get("COMMERCE_BASE_URL", "").strip():
        classes.append(CommerceSettings)
    if is_target_set(environment):
        classes.append(TargetSettings)
    classes = [ConsumerSettings, *(classes or [NothingServed])]
    records: dict[type, Any] = {
        type(record): record for record in all_from_environment(environment, *classes)
    }
    settings: ConsumerSettings = records[ConsumerSettings]
    commerce: CommerceSettings | None = records.get(CommerceSettings)
    target: TargetSettings | None = records.get(TargetSettings)
    call_seconds = max(one.timeout_seconds for one in (commerce, target) if one)
    return Consumer(
        open_ledger(
            settings.ledger,
            settings.project,
            settings.ledger_key,
            call_seconds + LEASE_MARGIN_SECONDS,
            settings.ledger_days,
        ),
        CommerceConnection(commerce) if commerce else None,
        DeadLetterTopic(
            settings.project,
            settings.dead_letters,
            endpoint(settings.pubsub_emulator, settings.pubsub_endpoint),
        ),
        Logger(settings.log_level, settings.project),
        tracing(settings.otlp_endpoint, "consumer"),
        delivery_settings()["handler_budget_seconds"],
        TargetConnection(target) if target else None,
        settings.echo_seconds,
    )


_consumer = build(os.environ)

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
