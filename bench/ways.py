"""The ways that are measured side by side: functions, their environment, their load."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, cycle

from bench.load import post
from functions.events.catalog import ENTITIES, EVENTS
from functions.events.message import message
from functions.timestamps import timestamp

PROJECT = "bench"
TOKEN = "token-of-the-bench-01"  # noqa: S105 - nothing is behind it
EVENT = EVENTS["be-observer.catalog_product_create"]
SKUS = 1000  # each its ordering key


@dataclass(frozen=True)
class Way:
    """One function under test.

    Attributes:
        name: in the table.
        source: file of the function.
        target: its name there.
        environment: beside what all have.
    """

    name: str
    source: str
    target: str
    environment: dict[str, str]


@dataclass(frozen=True)
class Contest:
    """Ways that are measured against their first one, by the same load.

    Attributes:
        requests: gives what is sent, without end.
        warmed: requests that the first way has before all else.
    """

    name: str
    ways: list[Way]
    connections: tuple[int, ...]
    requests: Callable[[], Iterator[bytes]]
    warmed: int


def ingest(pubsub: str, folder: str) -> Contest:
    """Bare, ours and the tutorial's ingest."""
    given = {
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "PUBSUB_EMULATOR_HOST": pubsub,
        "BENCH_FOLDER": folder,
    }
    doors = {"INGEST_AUTH": "token", "INGEST_TOKENS": f"bench:{TOKEN}"}
    main, ours = "functions/ingest/main.py", given | doors
    bare = "bench/functions/bare_ingest.py"
    tutorial = "bench/functions/tutorial_ingest.py"
    return Contest(
        "ingest",
        [
            Way("bare", bare, "bare", given),
            Way("ours", main, "ingest", ours),
            Way("tutorial", tutorial, "tutorial", given),
        ],
        (1, 16, 64),
        _events,
        40_000,  # until then Java compiles Google's emulator, which is slow so long
    )


def consumer(pubsub: str, folder: str, store: int) -> Contest:
    """Bare consumer and ours, with either ledger."""
    given = {
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "PUBSUB_EMULATOR_HOST": pubsub,
        "BENCH_FOLDER": folder,
        "COMMERCE_BASE_URL": f"http://127.0.0.1:{store}/rest/",
        "COMMERCE_CONSUMER_KEY": "k" * 32,
        "COMMERCE_CONSUMER_SECRET": "s" * 32,
        "COMMERCE_ACCESS_TOKEN": "t" * 32,
        "COMMERCE_ACCESS_TOKEN_SECRET": "u" * 32,
    }
    main = "functions/consumer/main.py"
    sqlite = f"sqlite:{folder}/ledger.db"
    return Contest(
        "consumer",
        [
            Way("bare", "bench/functions/bare_consumer.py", "bare", given),
            Way("ours, memory", main, "consumer", given | {"LEDGER": "memory"}),
            Way("ours, SQLite", main, "consumer", given | {"LEDGER": sqlite}),
        ],
        (1, 16),
        _pushes,
        4_000,
    )


def topics() -> list[str]:
    """What must be there before anything is published."""
    return [f"projects/{PROJECT}/topics/commerce-{entity}" for entity in ENTITIES]


def _value(number: int) -> dict:
    return {
        "sku": f"SKU-{number % SKUS}",
        "name": "Desk lamp",
        "price": 49.9,
        "description": "Aluminium, with a dimmer.",
    }


def _events() -> Iterator[bytes]:
    """Made beforehand: the load generator shares its core with Pub/Sub."""
    return cycle(list(_thousand()))


def _thousand() -> Iterator[bytes]:
    for number in range(SKUS):
        data = {"uid": f"u{number}", "event": EVENT.name, "value": _value(number)}
        body = json.dumps({"data": data}).encode()
        yield post(
            body, "Content-Type: application/json", f"Authorization: Bearer {TOKEN}"
        )


_pushed = count()  # a ledger knows a message again


def _pushes() -> Iterator[bytes]:
    for number in _pushed:
        sent = message(
            EVENT, f"u{number}", _value(number), "/ingest/bench", timestamp(), None
        )
        push = {
            "message": {
                "data": base64.b64encode(sent.data).decode(),
                "attributes": sent.attributes,
                "messageId": str(number),
                "orderingKey": sent.ordering_key,
                "publishTime": sent.attributes["ce-time"],
            },
            "subscription": f"projects/{PROJECT}/subscriptions/commerce-product",
            "deliveryAttempt": 1,
        }
        yield post(json.dumps(push).encode(), "Content-Type: application/json")
