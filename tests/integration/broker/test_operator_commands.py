"""The operator's commands on our broker and on Google's emulator.

What they need of Pub/Sub's protocol; tests/integration/cli has the rest, on our broker.
"""

import pytest

from functions.events import samples
from tests.support.cli_deployment import SOURCE, BrokerClients, CliDeployment

CREATE = "catalog_product_create"
UPDATE_ORDER = "sales_order_status_update"
PRODUCT = samples.value(f"be-observer.{CREATE}")
ORDER = samples.value(f"be-observer.{UPDATE_ORDER}")
EARLY = "2026-10-05T12:00:00.000000Z"
LATE = "2026-10-05T13:00:00.000000Z"


@pytest.fixture
def deployment(api, tmp_path):
    """A deployment on a broker."""
    clients = BrokerClients(api.address)
    yield CliDeployment(clients, tmp_path)
    clients.close()


def product(sku: str) -> dict:
    return {**PRODUCT, "sku": sku}


def test_json_lists_all_but_the_value(deployment):
    message_id = deployment.add_rejected(
        CREATE,
        PRODUCT,
        "u1",
        reason="Commerce answered 400: SKU is taken.",
        time="2026-10-05T12:00:00.000000Z",
    )

    [dead_letter] = deployment.run_json("dead-letters")

    assert dead_letter.pop("since").endswith("Z")
    assert dead_letter == {
        "message_id": message_id,
        "event": "be-observer.catalog_product_create",
        "entity": "product",
        "uid": "u1",
        "source": SOURCE,
        "time": "2026-10-05T12:00:00.000000Z",
        "ordering_key": f"product:{PRODUCT['sku'].lower()}",
        "reason": "Commerce answered 400: SKU is taken.",
        "status": 400,
        "attempts": 2,
        "subscription": f"{deployment.prefix}product",
        "original_message_id": "original-u1",
        "origin": "consumer",
        "replayed": 0,
    }
    assert deployment.available() == 1


def test_a_long_reason_is_truncated_to_pubsubs_limit(deployment):
    attributes = {f"x-{number}": "ü" * 600 for number in range(93)}
    deployment.add_rejected(CREATE, PRODUCT, "u1", reason="é" * 900, **attributes)

    [dead_letter] = deployment.run_json("dead-letters")
    [shown] = deployment.run_json("dead-letters", "--show", dead_letter["message_id"])

    assert dead_letter["reason"] == "é" * 510 + "…"
    assert len(shown["attributes"]) == 100
    assert shown["attributes"]["dead-letter-status"] == "400"
    assert shown["data"] == PRODUCT


def test_two_readers_see_a_part_each(deployment):
    for number in range(5):
        deployment.add_rejected(CREATE, PRODUCT, f"u{number}")
    subscription = deployment.deployment.dead_letter_subscription
    other = deployment.pull(subscription, 2)

    dead_letters = deployment.run_json("dead-letters")

    others = {received.message.attributes["ce-id"] for received in other}
    uids = {dead_letter["uid"] for dead_letter in dead_letters}
    assert uids == {"u0", "u1", "u2", "u3", "u4"} - others
    deployment.release(*other)
    assert len(deployment.run_json("dead-letters")) == 5


def test_a_replay_is_the_original_message(deployment):
    deployment.add_rejected(CREATE, PRODUCT, "u1", time=EARLY, traceparent="00-t-s-01")

    [replay] = deployment.run_json("replay", "--all")

    [message] = deployment.published("product")
    assert replay["result"] == "replayed"
    assert replay["new_message_id"] == message.message_id
    assert dict(message.attributes) == {
        "ce-specversion": "1.0",
        "ce-id": "u1",
        "ce-type": "be-observer.catalog_product_create",
        "ce-source": SOURCE,
        "ce-time": EARLY,
        "content-type": "application/json",
        "entity": "product",
        "traceparent": "00-t-s-01",
        "replayed": "1",
    }
    assert message.ordering_key == f"product:{PRODUCT['sku'].lower()}"
    assert deployment.available() == 0


def test_a_failed_replay_is_not_overtaken(deployment):
    deployment.add_rejected(CREATE, product("A"), "u1", time=EARLY)
    deployment.add_rejected(CREATE, product("A"), "u2", time=LATE)
    deployment.add_rejected(UPDATE_ORDER, ORDER, "u3", time=LATE)
    deployment.clients.publisher.delete_topic(topic=deployment.topic("product"))

    first, *others = deployment.run_json("replay", "--all", status=1)

    assert (first["uid"], first["result"]) == ("u1", "failed")
    assert {(r["uid"], r["result"]) for r in others} == {
        ("u2", "left out"),
        ("u3", "replayed"),
    }
    assert "NOT_FOUND" in first["detail"]
    assert deployment.available() == 2


def test_discard_asks_and_then_removes(deployment):
    deployment.add_rejected(CREATE, PRODUCT, "u1")
    deployment.add_rejected(UPDATE_ORDER, ORDER, "u2")

    result = deployment.run("discard", "--entity", "order", input="y\n")

    assert result.exit_code == 0
    assert "Remove these 1 of the local stack for good? [y/N]: y\n" in result.stdout
    assert result.stdout.endswith("\n1 discarded\n")
    dead_letters = deployment.run_json("dead-letters")
    assert [dead_letter["uid"] for dead_letter in dead_letters] == ["u1"]


def test_one_paused_by_hand_cannot_be_resumed(deployment):
    deployment.write_stack_file(consumer=None)
    deployment.subscribe("order", "order")

    result = deployment.run("resume", "order")

    assert result.exit_code == 1
    assert result.stdout == (
        "order            failed: It was not paused by this command, so its push"
        " endpoint is not known: make deploy (terraform apply) restores it\n"
    )


def test_a_missing_subscription_exits_3(deployment):
    result = deployment.run("dead-letters", "--prefix", "other-")

    assert result.exit_code == 3
    assert "Pub/Sub rejects get_subscription: " in result.stderr
    assert "NOT_FOUND" in result.stderr
