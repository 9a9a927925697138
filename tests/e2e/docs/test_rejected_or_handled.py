"""docs/debugging.md: the event was rejected, or handled with an unexpected result."""

import base64
import re

from click.testing import CliRunner

from cli.__main__ import main
from tests.support.broker_api import Api
from tests.support.consumer_kit import PRODUCT_CREATE
from tests.support.debugging_page import entry_of
from tests.support.debugging_stack import (
    DELETE,
    MAX_ATTEMPTS,
    UPDATE,
    product,
)


@entry_of("Commerce rejected it")
def test_rejection_and_replay(entry, stack):
    stack.commerce.fail(
        method="POST",
        path="products",
        status=400,
        message='The value of attribute "tax_class_id" is not valid.',
    )
    stack.publish(PRODUCT_CREATE, product("REJECTED"), "erp-2")

    stack.assert_shown(entry, stack.trace("erp-2", "rejected"))
    stack.wait_for_output("erp-2", "dead-letters")
    listed = stack.command("dead-letters", "--uid", "erp-2")
    assert '"tax_class_id"' in listed
    [message_id] = re.findall(r"^(\d+) ", listed, re.M)
    assert "REJECTED" in stack.command("dead-letters", "--show", message_id)
    stack.command("replay", message_id)
    stack.trace("erp-2", "handled")


@entry_of("It did not come through ingest, and is rejected")
def test_messages_of_other_publishers(entry, stack):
    api = Api(stack.stack["broker"])
    topic = "projects/local/topics/commerce-product"
    for uid, name in (("past-1", UPDATE), ("past-2", "product_update")):
        api.publish(topic, b"sku=A", **{"ce-type": name, "ce-id": uid})
    api.close()
    outputs = [stack.trace(uid, "rejected") for uid in ("past-1", "past-2")]

    entry.assert_shown("\n".join(outputs))
    listed = stack.command("dead-letters", "--uid", "past-1")
    [message_id] = re.findall(r"^(\d+) ", listed, re.M)
    shown = stack.command("dead-letters", "--show", message_id)
    assert base64.b64encode(b"sku=A").decode() in shown
    assert "past-1" in stack.command("discard", message_id, "--yes")


@entry_of("The store rejects signed paths")
def test_store_refuses_signed_paths(entry, stack):
    stack.publish(PRODUCT_CREATE, product("LAMP 7/é"), "signed-0")
    stack.trace("signed-0", "handled")
    stack.commerce.switch(refuses_encoded_signed_paths=True)
    stack.publish(DELETE, {"sku": "LAMP 7/é"}, "signed-1")

    entry.assert_shown(stack.trace("signed-1", "rejected"))
    stack.commerce.switch(refuses_encoded_signed_paths=False)
    stack.wait_for_output("signed-1", "replay", "--uid", "signed-1")
    stack.trace("signed-1", "handled")


@entry_of("`replay` leaves it out")
def test_newer_event_was_handled(entry, stack):
    stack.commerce.fail(
        path="LAMP-9", status=400, message="Invalid product data: not today."
    )
    stack.publish(UPDATE, product("LAMP-9", price=1), "old-9")
    stack.trace("old-9", "rejected")
    stack.publish(UPDATE, product("LAMP-9", price=2), "new-9")
    stack.trace("new-9", "handled")
    stack.wait_for_output("old-9", "dead-letters")

    environment = {"LOCAL_STATE": str(stack.folder)}
    replay = ["replay", "--uid", "old-9"]
    entry.assert_shown(CliRunner(env=environment).invoke(main, replay).output)
    assert "old-9" in stack.command("discard", "--uid", "old-9", "--yes")
    assert "old-9" not in stack.command("dead-letters")


@entry_of("Its attempts are exhausted")
def test_attempts_are_exhausted(entry, stack):
    output = stack.trace("exhausted-1", "exhausted")
    listed = stack.command("dead-letters", "--uid", "exhausted-1")

    entry.assert_shown(f"{listed}\n{output}")
    # Pub/Sub stores it without a reason; the ledger has the last result.
    [dead_letter] = stack.command_json("dead-letters", "--uid", "exhausted-1")
    assert (dead_letter["origin"], dead_letter["attempts"], dead_letter["status"]) == (
        "pubsub",
        MAX_ATTEMPTS,
        503,
    )
    assert dead_letter["reason"] == (
        "Delivery attempts exhausted: 503 Commerce answered 503 to PUT"
        " products/{sku}: Maintenance"
    )
    steps = stack.command_json("trace", "exhausted-1")
    assert [step["stage"] for step in steps] == [
        "published",
        *("delivered", "call", "outcome") * MAX_ATTEMPTS,
        *("exhausted", "dead-lettered", "now"),
    ]
    attempts = [step["attempt"] for step in steps if step["stage"] == "outcome"]
    assert attempts == list(range(1, MAX_ATTEMPTS + 1))
    stack.commerce.recover()
    assert "exhausted-1" in stack.command("replay", "--reason", "exhausted")
    stack.trace("exhausted-1", "handled")
    assert "exhausted-1" not in stack.command("dead-letters")


@entry_of("It was posted again, and nothing changed")
def test_duplicate(entry, stack):
    stack.publish(UPDATE, product("AGAIN"), "again-1")
    stack.trace("again-1", "handled")
    stack.publish(UPDATE, product("AGAIN"), "again-1")
    shown = stack.outcome("again-1", "duplicate")
    stack.wait_for_output("duplicate", "trace", "again-1")

    entry.assert_shown(shown)
    output = stack.command("trace", "again-1")
    assert "PUT products/{sku}" not in output[output.rindex("attempt 1") :]
    stack.publish(UPDATE, product("AGAIN"), "again-2")
    assert "PUT products/{sku}" in stack.trace("again-2", "handled")
