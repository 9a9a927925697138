"""``replay`` of what the receiver of Commerce's events rejected."""

import json

from tests.support.adobe_deliveries import PREFIX, VALUE, delivery

UNKNOWN = "observer.catalog_category_save_commit_after"


def test_a_valid_event_is_published_by_todays_catalogue(deployment):
    """Its schema or route was corrected since."""
    deployment.add_entity("outbound-product")
    deployment.add_not_publishable(delivery())

    [listed] = deployment.run_json("dead-letters")
    [replay] = deployment.run_json("replay", "--all")
    [message] = deployment.published("outbound-product")

    assert (listed["origin"], listed["attempts"]) == ("receiver", 0)
    assert (replay["result"], replay["event"]) == (
        "replayed",
        "commerce.product.updated",
    )
    assert message.attributes["ce-id"] == "e-1"
    assert message.attributes["ce-type"] == "commerce.product.updated"
    assert message.attributes["entity"] == "outbound-product"
    assert message.attributes["replayed"] == "1"
    assert not any(name.startswith("dead-letter-") for name in message.attributes)
    assert message.ordering_key == "outbound-product:lamp 2"
    assert json.loads(message.data) == VALUE
    assert deployment.run_json("dead-letters") == []


def test_an_unknown_type_stays_and_says_why(deployment):
    deployment.add_not_publishable(delivery(UNKNOWN))

    [replay] = deployment.run_json("replay", "--all")

    assert (replay["result"], replay["detail"]) == (
        "left out",
        f"Unable to publish event {PREFIX}{UNKNOWN}: Unknown event type:"
        " add it to the catalogue, deploy, and replay it; or discard it",
    )
    assert len(deployment.run_json("dead-letters")) == 1


def test_an_invalid_value_stays_and_says_why(deployment):
    deployment.add_not_publishable(delivery(value={"name": "x"}))

    [replay] = deployment.run_json("replay", "--all", "--dry-run")

    assert replay["result"] == "left out"
    assert replay["detail"].startswith(
        "Invalid value for commerce.product.updated: sku"
    )
    assert "correct its schema" in replay["detail"]
