"""What changes in Commerce reaches the back office, and the console shows both ways."""

import json

import requests
from click.testing import CliRunner

from cli.__main__ import main

CREATE = "be-observer.catalog_product_create"
UPDATE = "be-observer.catalog_product_update"
SKU = "BOTH-WAYS-1"


def webhooks(stack, event_type: str) -> list[dict]:
    url = f"{stack.stack['back_office']}/_control/webhooks"
    received = requests.get(url, timeout=10).json()["webhooks"]
    return [each for each in received if each["type"] == event_type]


def history(stack) -> str:
    """The page with the product's events in both directions."""
    url = f"{stack.stack['console']}/resource"
    return requests.get(url, {"name": f"product:{SKU}"}, timeout=10).text


def edit(stack, **fields) -> None:
    """Edit a product on the console's page."""
    console = stack.stack["console"]
    response = requests.post(
        f"{console}/commerce/product",
        data={"back": "/commerce", "sku": SKU, **fields},
        headers={"Origin": console},
        timeout=10,
    )
    assert "is+saved" in response.history[0].headers["location"]


def test_an_edit_in_commerce_reaches_the_back_office(stack):
    value = {"sku": SKU, "name": "Lamp", "price": 1, "description": "d"}
    stack.post(CREATE, value, "both-1")
    stack.outcome("both-1")
    edit(stack, name="Edited by a person", price="3")

    def edited():
        return [
            each["document"]
            for each in webhooks(stack, "commerce.product.updated")
            if each["document"]["data"]["sku"] == SKU
        ]

    stack.wait_for(edited)
    assert edited()[-1]["data"]["name"] == "Edited by a person"

    for words in ("inbound", "outbound", "back office", "both-1"):
        assert words in history(stack)

    # What ingest brings in from now on comes back as our own change.
    stack.post(UPDATE, {**value, "name": "By the back office"}, "both-2")
    stack.wait_for(lambda: "own change" in history(stack))
    assert len(edited()) == 1


def test_an_event_of_commerce_is_simulated(stack):
    environment = {"LOCAL_STATE": str(stack.folder)}
    options = ["send", "--event", "commerce.order.created", "--json"]
    result = CliRunner(env=environment).invoke(main, options)

    assert result.exit_code == 0, result.output
    sent = json.loads(result.stdout)
    assert (sent["outcome"], sent["status"]) == ("handled", 200)
    ids = {each["webhook_id"] for each in webhooks(stack, "commerce.order.created")}
    assert sent["uid"] in ids
