"""Dead letters in a real topic: whole, explained, stored before all is done."""

import time

import pytest

from functions.consumer.dead_letter_topic import DeadLetters
from functions.ledger.memory import MemoryStore
from functions.pubsub.endpoint import Endpoint
from functions.timestamps import normalize_timestamp, timestamp
from tests.commerce.server import answer
from tests.consumer.parts import SUBSCRIPTION, Parts, Shop, push
from tests.support import broker_servers
from tests.support.broker_api import Api
from tests.running import free_port

REFUSED = answer(400, {"message": "SKU %1 is taken.", "parameters": ["A"]})


@pytest.fixture(scope="module")
def api():
    with broker_servers.ours() as address:
        api = Api(address)
        yield api
        api.close()


@pytest.fixture
def shop():
    with Shop() as shop:
        shop.says = REFUSED
        yield shop


def consumer(shop: Shop, topic: str, address: str) -> Parts:
    """One that keeps dead letters in *topic*."""
    letters = DeadLetters("p", topic, Endpoint(address, True))
    return Parts(shop, MemoryStore(), letters=letters)


def test_a_refused_event_is_kept_whole_with_why_when_where_and_how_often(api, shop):
    topic = api.topic()
    letters = api.subscription(topic)
    refused = {**push(), "deliveryAttempt": 4}
    began = timestamp()

    status, _ = consumer(shop, topic, api.address).deliver(refused)

    [received] = api.pull(letters, 10)
    letter = received.message
    attributes = dict(letter.attributes)
    kept_at = attributes.pop("dead-letter-time")
    assert status == 200
    assert began <= normalize_timestamp(kept_at) <= timestamp()
    assert letter.data == b'{"sku": "A", "name": "n", "price": 1, "description": "d"}'
    assert letter.ordering_key == "product:A"
    assert attributes == {
        **refused["message"]["attributes"],
        "dead-letter-reason": "Commerce answered 400 to POST products: SKU A is taken.",
        "dead-letter-status": "400",
        "dead-letter-subscription": SUBSCRIPTION,
        "dead-letter-message-id": "m1",
        "dead-letter-attempts": "4",
    }


def test_a_topic_that_is_not_there_leaves_the_push_to_come_again(api, shop):
    name = f"projects/conformance/topics/later-{time.time_ns()}"
    parts = consumer(shop, name, api.address)

    assert parts.deliver(push())[0] == 503
    assert parts.outcomes() == ["retry"]

    api.publisher.create_topic(name=name)
    letters = api.subscription(name)
    assert parts.deliver(push())[0] == 200
    assert len(api.pull(letters, 10)) == 1
    # Its refusal is recorded now: another delivery adds no second letter.
    assert parts.deliver(push())[0] == 200
    assert api.pull(letters, 10, wait=False) == []


def test_a_pubsub_that_nobody_answers_for_leaves_the_push_to_come_again(shop):
    parts = consumer(shop, "dead-letters", f"127.0.0.1:{free_port()}")

    status, told = parts.deliver(push())

    assert status == 503
    assert told["error"]["body"] == {"error": "The dead-letter topic cannot be reached"}
    [line] = [line for line in parts.lines if line.get("stage") == "outcome"]
    assert (line["alarm"], line["severity"]) == (True, "ERROR")
