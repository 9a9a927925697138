"""What is measured side by side: functions, their environment, their requests."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count, cycle
from pathlib import Path
from typing import Any

from bench.adobe import CLIENT_ID, delivery
from bench.load import post
from functions.events.catalog import ENTITIES, EVENTS
from functions.events.message import message
from functions.timestamps import timestamp
from local.commerce.event_signature import SigningKey
from local.processes import base_environment

PROJECT = "bench"
TOKEN = "token-of-the-bench-01"  # noqa: S105 - protects nothing
EVENT = EVENTS["be-observer.catalog_product_create"]
AUTHENTICATION = {"INGEST_AUTH": "token", "INGEST_TOKENS": f"bench:{TOKEN}"}
SKUS = 1000  # each with an ordering key of its own
BATCH = 100  # events in one request
FEW_SKUS = 10  # in a batch


@dataclass(frozen=True)
class Contestant:
    """One function under test.

    Attributes:
        name: in the table.
        source: file of the function.
        target: its name there.
        environment: all of it.
        requests: what it is sent, where that is not the contest's.
        events: in each of its requests; rates count events.
    """

    name: str
    source: str
    target: str
    environment: dict[str, str]
    requests: Callable[[], Iterator[bytes]] | None = None
    events: int = 1


@dataclass(frozen=True)
class Contest:
    """Functions that are compared with the first of them, under the same load.

    Attributes:
        requests: returns the requests to send, without end.
        warm_up_requests: what the first function receives before anything is measured.
        rates_only: neither cold start nor memory is measured.
    """

    name: str
    contestants: list[Contestant]
    connections: tuple[int, ...]
    requests: Callable[[], Iterator[bytes]]
    warm_up_requests: int
    rates_only: bool = False


def ingest(pubsub: str) -> Contest:
    """Bare, ours and the tutorial's ingest.

    Args:
        pubsub: ``host:port``.
    """
    environment = _environment(pubsub)
    ours = environment | AUTHENTICATION
    bare = "bench/functions/bare_ingest.py"
    tutorial = "bench/functions/tutorial_ingest.py"
    return Contest(
        "ingest",
        [
            Contestant("bare", bare, "bare", environment),
            Contestant("ours", "functions/ingest/main.py", "ingest", ours),
            Contestant("tutorial", tutorial, "tutorial", environment),
        ],
        (1, 16, 64),
        _ingest_requests,
        40_000,  # until then Java compiles Google's emulator, which is slow meanwhile
    )


def batch(pubsub: str) -> Contest:
    """Events one by one, in batches on different SKUs, and in batches on a few.

    Pub/Sub takes one ordering key in a request, so only the last saves requests to it.

    Args:
        pubsub: ``host:port``.
    """
    main, environment = "functions/ingest/main.py", _environment(pubsub)
    ours = environment | AUTHENTICATION
    return Contest(
        "batch",
        [
            Contestant("single posts", main, "ingest", ours),
            Contestant(
                f"batches, {BATCH} SKUs",
                main,
                "ingest",
                ours,
                lambda: _batch_requests(BATCH),
                BATCH,
            ),
            Contestant(
                f"batches, {FEW_SKUS} SKUs",
                main,
                "ingest",
                ours,
                lambda: _batch_requests(FEW_SKUS),
                BATCH,
            ),
        ],
        (1, 16),
        _ingest_requests,
        40_000,
        rates_only=True,
    )


def consumer(pubsub: str, commerce: str, folder: Path) -> Contest:
    """Bare consumer and ours, with either ledger.

    Args:
        pubsub: ``host:port``.
        commerce: URL of the target.
        folder: for the ledger's file.
    """
    environment = {
        **_environment(pubsub),
        "COMMERCE_BASE_URL": f"{commerce}/rest/",
        "COMMERCE_CONSUMER_KEY": "k" * 32,
        "COMMERCE_CONSUMER_SECRET": "s" * 32,
        "COMMERCE_ACCESS_TOKEN": "t" * 32,
        "COMMERCE_ACCESS_TOKEN_SECRET": "u" * 32,
    }
    main, bare = "functions/consumer/main.py", "bench/functions/bare_consumer.py"
    memory = environment | {"LEDGER": "memory"}
    sqlite = environment | {"LEDGER": f"sqlite:{folder}/ledger.sqlite"}
    return Contest(
        "consumer",
        [
            Contestant("bare", bare, "bare", environment),
            Contestant("ours, memory", main, "consumer", memory),
            Contestant("ours, SQLite", main, "consumer", sqlite),
        ],
        (1, 16),
        _pushes,
        4_000,
    )


def receiver(pubsub: str, keys_url: str, key: SigningKey) -> Contest:
    """Bare receivers of Adobe's events, with and without the signature, and ours.

    Args:
        pubsub: ``host:port``.
        keys_url: where *key* is fetched.
    """
    environment = _environment(pubsub)
    ours = environment | {"OAUTH_CLIENT_ID": CLIENT_ID, "ADOBE_KEYS_URL": keys_url}
    verifying = environment | {"BENCH_PUBLIC_KEY": key.pem.decode()}
    bare = "bench/functions/bare_receiver.py"
    # Each is signed when it is first sent, in the warm-up, and not for other contests.
    signed = cache(lambda number: delivery(key, number, f"SKU-{number}"))
    return Contest(
        "receiver",
        [
            Contestant("bare", bare, "bare", verifying),
            Contestant(
                "ours", "functions/commerce_events/main.py", "commerce_events", ours
            ),
            Contestant("bare, unsigned", bare, "bare", environment),
        ],
        (1, 16),
        lambda: map(signed, cycle(range(SKUS))),
        40_000,
    )


def topics() -> list[str]:
    """The topics that must exist before anything is published."""
    return [f"projects/{PROJECT}/topics/commerce-{entity}" for entity in ENTITIES]


def _environment(pubsub: str) -> dict[str, str]:
    return {
        **base_environment(),
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "PUBSUB_EMULATOR_HOST": pubsub,
    }


def _value(number: int) -> dict[str, object]:
    return {
        "sku": f"SKU-{number % SKUS}",
        "name": "Desk lamp",
        "price": 49.9,
        "description": "Aluminium, with a dimmer.",
    }


def _ingest_requests() -> Iterator[bytes]:
    return _prepared([_event(number, number) for number in range(SKUS)])


def _batch_requests(skus: int) -> Iterator[bytes]:
    """Batches on *skus* SKUs each."""
    return _prepared(
        [
            [_event(first + number, first + number % skus) for number in range(BATCH)]
            for first in range(0, SKUS, BATCH)
        ]
    )


def _event(number: int, sku: int) -> dict[str, object]:
    return {"uid": f"u{number}", "event": EVENT.name, "value": _value(sku)}


def _prepared(bodies: list[Any]) -> Iterator[bytes]:
    """Prepared, because the load generator shares its core with Pub/Sub."""
    headers = ("Content-Type: application/json", f"Authorization: Bearer {TOKEN}")
    return cycle([post(json.dumps({"data": one}).encode(), *headers) for one in bodies])


# Shared by all runs: a ledger recognises a message id that it has seen before.
_message_ids = count()


def _pushes() -> Iterator[bytes]:
    for number in _message_ids:
        event = message(
            EVENT, f"u{number}", _value(number), "/ingest/bench", timestamp(), None
        )
        push = {
            "message": {
                "data": base64.b64encode(event.data).decode(),
                "attributes": event.attributes,
                "messageId": str(number),
                "orderingKey": event.ordering_key,
                "publishTime": event.attributes["ce-time"],
            },
            "subscription": f"projects/{PROJECT}/subscriptions/commerce-product",
            "deliveryAttempt": 1,
        }
        yield post(json.dumps(push).encode(), "Content-Type: application/json")
