"""Calls to Commerce on an event's page."""

from concurrent.futures import ThreadPoolExecutor

import requests

EVENTS = 60
PRODUCT = "be-observer.catalog_product_create"


def test_of_many_events_at_once_each_shows_its_own_call(stack):
    def post(number: int) -> None:
        # Each SKU begins as others do: Q-5 is part of Q-59.
        value = {"sku": f"Q-{number}", "name": "Lamp", "price": 5, "description": "d"}
        assert stack.post(PRODUCT, value, f"burst-{number}").status_code == 200

    def shown(number: int) -> str:
        address = f"{stack.stack['console']}/event?key=burst-{number}"
        return requests.get(address, timeout=30).text.partition("Calls to Commerce")[2]

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(post, range(EVENTS)))
    for number in range(EVENTS):
        stack.outcome(f"burst-{number}", seconds=60)

    # The pages read dead letters, one after the other; a part of them is enough.
    for number in range(0, EVENTS, 5):
        page = shown(number)
        assert page.count("<details") == 1
        assert page.count(f"Q-{number}&#34;") >= 2, number  # request and response
