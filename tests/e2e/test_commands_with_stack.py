"""The commands against a whole local stack: broker, functions and stand-in."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from cli.__main__ import main
from functions.events import samples
from tests.support.running import RunningStack
from tests.support.stand_in_control import StandInControl

CREATE = "be-observer.catalog_product_create"
PRODUCT = samples.value(CREATE)
UNKNOWN_ORDER = {"id": 987654, "status": "complete", "notifyCustomer": False}


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stack")
    with RunningStack(folder, LOCAL_MAX_DELIVERY_ATTEMPTS="5") as running:
        yield running


def run_json(stack: RunningStack, *arguments: str) -> list[dict[str, Any]]:
    """What a command prints with ``--json``."""
    environment = {"LOCAL_STATE": str(stack.folder)}
    result = CliRunner(env=environment).invoke(main, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def dead_letters(stack: RunningStack, uid: str) -> list[dict[str, Any]]:
    return run_json(stack, "dead-letters", "--uid", uid)


def history(stack: RunningStack, uid: str, stages: list[str]) -> list[dict[str, Any]]:
    """The history of *uid* once it has *stages*; log entries arrive a little later."""

    def complete() -> list[dict[str, Any]]:
        steps = run_json(stack, "trace", uid)
        return steps if [step["stage"] for step in steps] == stages else []

    return wait_for(complete)


def wait_for(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """The result of *condition* once it is true."""
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return result


ATTEMPT = ["delivered", "call", "outcome"]


def test_the_history_of_a_handled_event(stack):
    stack.post(CREATE, PRODUCT, "handled")

    steps = history(stack, "handled", ["published", *ATTEMPT, "now"])

    assert steps[0]["caller"] == "anonymous"
    assert steps[2]["route"] == "products"
    assert steps[-1]["state"] == "handled"
    assert steps[-2]["message"] == steps[-1]["message"] != ""


def test_a_rejected_event_is_replayed_as_a_new_message(stack):
    """The recorded rejection is not its result: Commerce is called again."""
    stack.post("be-observer.sales_order_status_update", UNKNOWN_ORDER, "rejected")
    [first] = wait_for(lambda: dead_letters(stack, "rejected"))

    [replay] = run_json(stack, "replay", "--uid", "rejected")
    [second] = wait_for(lambda: dead_letters(stack, "rejected"))

    assert first["status"] == second["status"] == 404
    assert "Commerce answered 404" in first["reason"]
    assert (replay["result"], first["replayed"], second["replayed"]) == (
        "replayed",
        0,
        1,
    )
    assert second["original_message_id"] == replay["new_message_id"]
    steps = wait_for(
        lambda: [
            step["message_id"]
            for step in run_json(stack, "trace", "rejected")
            if step["stage"] == "outcome" and step["outcome"] == "rejected"
        ][1:]
    )
    assert steps == [second["original_message_id"]]
    [forgotten] = run_json(stack, "forget", "--uid", "rejected", "--yes")
    assert forgotten["ledger"] == 1
    assert dead_letters(stack, "rejected") == []


def test_an_exhausted_event_has_its_last_error(stack):
    """Pub/Sub stores it without a reason; the ledger has the last result."""
    stand_in = StandInControl(stack.stack["commerce"])
    stand_in.fail(path="products$", times=None, status=503, message="Maintenance")
    stack.post(CREATE, {**PRODUCT, "sku": "EXHAUSTED"}, "exhausted")
    [dead_letter] = wait_for(lambda: dead_letters(stack, "exhausted"))

    before = history(
        stack,
        "exhausted",
        ["published", *ATTEMPT * 5, "exhausted", "dead-lettered", "now"],
    )
    stand_in.recover()
    [replay] = run_json(stack, "replay", dead_letter["message_id"])
    after = wait_for(
        lambda: [
            step
            for step in run_json(stack, "trace", "exhausted")
            if step.get("state") == "handled"
        ]
    )

    assert (dead_letter["origin"], dead_letter["attempts"], dead_letter["status"]) == (
        "pubsub",
        5,
        503,
    )
    assert dead_letter["reason"] == (
        "Delivery attempts exhausted: 503 Commerce answered 503 to POST products:"
        " Maintenance"
    )
    attempts = [step["attempt"] for step in before if step["stage"] == "outcome"]
    assert attempts == [1, 2, 3, 4, 5]
    assert before[-1]["state"] == "exhausted"
    assert replay["result"] == "replayed"
    assert after[0]["stage"] == "now"
    assert dead_letters(stack, "exhausted") == []


def test_a_file_is_imported_and_followed(stack, tmp_path):
    """An invalid row is not sent; one that Commerce rejects is listed."""
    path = tmp_path / "status.csv"
    orders = ("987654", "many", *stand_in_orders(stack))
    rows = "".join(f"{order};processing\n" for order in orders)
    path.write_text(f"id;status\n{rows}")
    options = ("--event", "sales_order_status_update", "--delimiter", ";", "--wait")
    environment = {"LOCAL_STATE": str(stack.folder)}

    result = CliRunner(env=environment).invoke(
        main, ["import", str(path), *options, "--json"]
    )

    assert result.exit_code == 1, result.output
    summary = json.loads(result.stdout)
    assert (summary["rows"], summary["accepted"]) == (len(orders), len(orders) - 1)
    assert (summary["handled"], summary["not_handled"]) == (len(orders) - 2, 1)
    rejected = (tmp_path / "status.csv.rejected.ndjson").read_text().splitlines()
    lines = {entry["line"]: entry["error"] for entry in map(json.loads, rejected)}
    assert lines[3] == "Invalid value for be-observer.sales_order_status_update"
    assert "Commerce answered 404" in lines[2]
    assert run_json(stack, "trace", f"{summary['import']}-4")[-1]["state"] == "handled"


def stand_in_orders(stack: RunningStack) -> list[str]:
    """The ids of the stand-in's orders."""
    response = requests.get(
        f"{stack.stack['commerce']}/_control/sample-ids", timeout=10
    )
    return [str(response.json()["order"])]


def test_a_pause_outlives_the_stack(stack):
    before = stack.stack["consumer"]
    run_json(stack, "pause", "product")
    stack.post(CREATE, {**PRODUCT, "sku": "P"}, "paused")
    stack.stop()
    stack.start()

    [paused] = [s for s in run_json(stack, "status") if s["entity"] == "product"]
    assert paused["push_to"] == ""
    assert run_json(stack, "trace", "paused")[-1]["state"] == "paused"
    run_json(stack, "resume", "product")

    wait_for(lambda: run_json(stack, "trace", "paused")[-1]["state"] == "handled")
    [resumed] = [s for s in run_json(stack, "status") if s["entity"] == "product"]
    assert resumed["push_to"] == stack.stack["consumer"] != before


def test_all_samples_are_handled(stack):
    results = run_json(stack, "send", "--event", "all", "--wait", "30")

    assert {result["outcome"] for result in results} == {"handled"}
