"""docs/debugging.md: it was refused, or handled and the shop shows something else."""

import base64
import re

from click.testing import CliRunner

from cli.__main__ import main
from tests.consumer.parts import PRODUCT
from tests.docs.debugging.parts import DELETE, SECONDS, UPDATE, entry_of, product
from tests.support.broker_api import Api

# It was refused


@entry_of("Commerce refused it")
def test_a_refusal_and_its_replay(entry, stack):
    stack.shop.fail(
        method="POST",
        path="products",
        status=400,
        message='The "tax_class_id" attribute value is not valid.',
    )
    stack.taken(PRODUCT, product("REFUSED"), "erp-2")

    told = stack.life("erp-2", "rejected")
    stack.shows(entry, told)
    stack.wait_for(lambda: "erp-2" in stack.command("dead-letters"), SECONDS)
    listed = stack.command("dead-letters", "--uid", "erp-2")
    assert 'The "tax_class_id"' in listed
    [message_id] = re.findall(r"dead letter (\d+) waits", told) or re.findall(
        r"^(\d+) ", listed, re.M
    )
    assert "REFUSED" in stack.command("dead-letters", "--show", message_id)
    stack.command("replay", message_id)
    stack.life("erp-2", "handled")


@entry_of("It came past ingest, and is refused")
def test_what_others_publish(entry, stack):
    api = Api(stack.stack["broker"])
    topic = "projects/local/topics/commerce-product"
    for uid, name in (("past-1", UPDATE), ("past-2", "product_update")):
        api.publish(topic, b"sku=A", **{"ce-type": name, "ce-id": uid})
    api.close()
    told = [stack.life(uid, "rejected") for uid in ("past-1", "past-2")]

    entry.is_shown_by("\n".join(told))
    listed = stack.command("dead-letters", "--uid", "past-1")
    [message_id] = re.findall(r"^(\d+) ", listed, re.M)
    shown = stack.command("dead-letters", "--show", message_id)
    assert base64.b64encode(b"sku=A").decode() in shown
    assert "past-1" in stack.command("discard", message_id, "--yes")


@entry_of("The store refuses signed paths")
def test_a_store_that_refuses_signed_paths(entry, stack):
    stack.taken(PRODUCT, product("LAMP 7/é"), "signed-0")
    stack.life("signed-0", "handled")
    stack.taken(DELETE, {"sku": "LAMP 7/é"}, "signed-1")

    entry.is_shown_by(stack.life("signed-1", "rejected"))
    stack.shop.switch(refuses_encoded_signed_paths=False)
    stack.wait_for(
        lambda: "signed-1" in stack.command("replay", "--uid", "signed-1"), SECONDS
    )
    stack.life("signed-1", "handled")


@entry_of("`replay` leaves it out")
def test_a_newer_event_overtook_it(entry, stack):
    stack.shop.fail(path="LAMP-9", status=400, message="Not today.")
    stack.taken(UPDATE, product("LAMP-9", price=1), "old-9")
    stack.life("old-9", "rejected")
    stack.taken(UPDATE, product("LAMP-9", price=2), "new-9")
    stack.life("new-9", "handled")
    stack.wait_for(lambda: "old-9" in stack.command("dead-letters"), SECONDS)

    environment = {"LOCAL_STATE": str(stack.folder)}
    replay = ["replay", "--uid", "old-9"]
    entry.is_shown_by(CliRunner(env=environment).invoke(main, replay).output)
    assert "old-9" in stack.command("discard", "--uid", "old-9", "--yes")
    assert "old-9" not in stack.command("dead-letters")


@entry_of("It is out of tries")
def test_its_tries_ran_out(entry, stack):
    told = stack.life("tired-1", "out of tries")
    listed = stack.command("dead-letters", "--uid", "tired-1")

    entry.is_shown_by(f"{listed}\n{told}")
    stack.shop.recover()
    assert "tired-1" in stack.command("replay", "--reason", "Out of tries")
    stack.life("tired-1", "handled")


# It was handled, and the shop shows something else


@entry_of("It was posted again, and nothing happened")
def test_a_repeat(entry, stack):
    stack.taken(UPDATE, product("AGAIN"), "again-1")
    stack.life("again-1", "handled")
    stack.taken(UPDATE, product("AGAIN"), "again-1")
    stack.outcome("again-1", "duplicate")
    stack.wait_for(lambda: "duplicate" in stack.command("trace", "again-1"), SECONDS)

    entry.is_shown_by(stack.outcome("again-1", "duplicate"))
    told = stack.command("trace", "again-1")
    assert "PUT products/{sku}" not in told[told.rindex("attempt 1") :]
    stack.taken(UPDATE, product("AGAIN"), "again-2")
    assert "PUT products/{sku}" in stack.life("again-2", "handled")
