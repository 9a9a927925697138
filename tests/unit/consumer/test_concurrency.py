"""As many threads as calls may be in flight: no delivery waits for a slot."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from functions.commerce.settings import DEFAULT_CONCURRENCY
from local.stack import consumer_threads
from tests.support.commerce_adapter import reply
from tests.support.consumer_kit import ConsumerUnderTest, push

VARIABLES = Path(__file__).resolve().parents[3] / "terraform/variables.tf"
DELIVERIES = 5 * DEFAULT_CONCURRENCY
TOO_LATE_SECONDS = 10


def test_no_delivery_is_answered_503_for_want_of_a_slot():
    """Gunicorn's threads are the queue: each holds a slot as long as it needs one."""
    all_in_flight = threading.Barrier(DEFAULT_CONCURRENCY)

    def respond_when_all_are_in_flight(request):
        all_in_flight.wait(TOO_LATE_SECONDS)
        return reply(200, {"id": 1})

    consumer = ConsumerUnderTest()
    consumer.response = respond_when_all_are_in_flight
    pushes = [push(uid=f"u{n}", message_id=f"m{n}") for n in range(DELIVERIES)]
    with ThreadPoolExecutor(DEFAULT_CONCURRENCY) as threads:
        statuses = [status for status, _ in threads.map(consumer.deliver, pushes)]

    assert statuses == [200] * DELIVERIES
    assert len(consumer.requests) == DELIVERIES


def test_the_local_stack_has_as_many_threads_as_calls():
    assert consumer_threads({}) == str(DEFAULT_CONCURRENCY)
    assert consumer_threads({"COMMERCE_CONCURRENCY": "2"}) == "2"
    assert consumer_threads({"COMMERCE_CONCURRENCY": "2", "THREADS": "9"}) == "9"


def test_terraform_and_the_local_stack_have_the_same_default():
    defaults = re.findall(
        r"^    (concurrency|max_instances) += optional\(number, (\d+)\)",
        VARIABLES.read_text().partition('variable "consumers"')[2],
        re.M,
    )
    assert defaults[:2] == [
        ("concurrency", str(DEFAULT_CONCURRENCY)),
        ("max_instances", "1"),
    ]
