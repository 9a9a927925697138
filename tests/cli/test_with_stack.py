"""The commands against a whole local stack: broker, functions and a shop."""

import json
import time

import pytest
from click.testing import CliRunner

from cli.__main__ import main
from functions.events import samples
from tests.running import RunningStack
from tests.support.stand_in_control import StandInControl

PRODUCT = samples.value("be-observer.catalog_product_create")
NO_ORDER = {"id": 987654, "status": "complete", "notifyCustomer": False}


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stack")
    with RunningStack(folder, LOCAL_MAX_DELIVERY_ATTEMPTS="5") as running:
        yield running


def told(stack: RunningStack, *arguments: str) -> list[dict]:
    environment = {"LOCAL_STATE": str(stack.folder)}
    result = CliRunner(env=environment).invoke(main, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def letters(stack: RunningStack, uid: str) -> list[dict]:
    return told(stack, "dead-letters", "--uid", uid)


def calls(stack: RunningStack, uid: str) -> list[str]:
    """The messages that the shop was called for."""
    life = told(stack, "trace", uid)
    return [step["message_id"] for step in life if step["stage"] == "call"]


def wait_for(condition, seconds: float = 20):
    """What *condition()* returns, once it is true."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return found


def test_the_life_of_a_handled_event(stack):
    stack.post("be-observer.catalog_product_create", PRODUCT, "handled")
    stack.outcome("handled")

    steps = told(stack, "trace", "handled")

    assert [step["stage"] for step in steps] == [
        "received",
        "published",
        "attempt",
        "call",
        "outcome",
        "now",
    ]
    assert steps[-1]["state"] == "handled"
    assert steps[-2]["answer"] == steps[-1]["answer"] != ""


def test_what_the_shop_refuses_is_replayed_as_a_new_message(stack):
    """A recorded refusal does not answer it: the shop is asked again."""
    stack.post("be-observer.sales_order_status_update", NO_ORDER, "rejected")
    [first] = wait_for(lambda: letters(stack, "rejected"))

    [step] = told(stack, "replay", "--uid", "rejected")
    [second] = wait_for(lambda: letters(stack, "rejected"))

    assert first["status"] == second["status"] == 404
    assert "Commerce answered 404" in first["reason"]
    assert (step["did"], first["replayed"], second["replayed"]) == ("replayed", 0, 1)
    assert second["original_message_id"] == step["as_message"]
    tries = [first["original_message_id"], second["original_message_id"]]
    # The consumer's words come through a pipe, and may be read after the letter is.
    wait_for(lambda: calls(stack, "rejected") == tries)
    [gone] = told(stack, "forget", "--uid", "rejected", "--yes")
    assert gone["ledger"] == 1
    assert letters(stack, "rejected") == []


def test_what_runs_out_of_tries_has_its_last_error_and_is_brought_back(stack):
    """Pub/Sub dead-letters it without a word; the ledger knows what was answered."""
    shop = StandInControl(stack.stack["commerce"])
    shop.fail(path="products$", times=None, status=503, message="Maintenance")
    value = {**PRODUCT, "sku": "TRIES"}
    stack.post("be-observer.catalog_product_create", value, "tries")
    [letter] = wait_for(lambda: letters(stack, "tries"))
    # The consumer's words come through a pipe, and may be read after the letter is.
    wait_for(lambda: stack.said().count("uid=tries") >= 13)
    before = told(stack, "trace", "tries")

    shop.recover()
    [step] = told(stack, "replay", letter["message_id"])
    stack.outcome("tries")
    after = told(stack, "trace", "tries")

    assert (letter["by"], letter["attempts"], letter["status"]) == ("pubsub", 5, 503)
    assert letter["reason"] == (
        "Out of tries: 503 Commerce answered 503 to POST products: Maintenance"
    )
    tries = [s["attempt"] for s in before if s["stage"] == "outcome"]
    assert tries == [1, 2, 3, 4, 5]
    assert [s["stage"] for s in before[-3:]] == ["out of tries", "dead-lettered", "now"]
    assert before[-1]["state"] == "out of tries"
    assert (step["did"], after[-1]["state"]) == ("replayed", "handled")
    assert letters(stack, "tries") == []
    said = [line for line in stack.said().splitlines() if "uid=tries" in line]
    words = [line.split("  ")[1] for line in said]
    assert words.count("retrying") == 5
    assert words.count("dead-lettered") == 1
    assert words.count("delivered, attempt 5") == 1
    assert words[-1] == "handled"


def test_a_pause_outlives_the_stack_and_then_goes_on(stack):
    before = stack.stack["consumer"]
    told(stack, "pause", "product")
    stack.post("be-observer.catalog_product_create", {**PRODUCT, "sku": "P"}, "paused")
    stack.stop()
    stack.start()

    [waiting] = [s for s in told(stack, "status") if s["entity"] == "product"]
    assert waiting["push_to"] == ""
    assert told(stack, "trace", "paused")[-1]["state"] == "waiting"
    told(stack, "resume", "product")

    stack.outcome("paused")
    [delivering] = [s for s in told(stack, "status") if s["entity"] == "product"]
    assert delivering["push_to"] == stack.stack["consumer"] != before
