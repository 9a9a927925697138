"""The commands against a whole local stack: broker, functions and stand-in."""

import json
from collections.abc import Callable
from typing import Any

import requests
from click.testing import CliRunner

from cli.__main__ import main
from functions.events import samples
from tests.support.running import COMMAND_POLL_SECONDS, RunningStack

CREATE = "be-observer.catalog_product_create"
PRODUCT = samples.value(CREATE)
STAGES = ["published", "delivered", "call", "outcome", "now"]
UNKNOWN_ORDER = {"id": 987654, "status": "complete", "notifyCustomer": False}


def dead_letters(stack: RunningStack, uid: str) -> list[dict[str, Any]]:
    return stack.command_json("dead-letters", "--uid", uid)


def history(stack: RunningStack, uid: str, stages: list[str]) -> list[dict[str, Any]]:
    """The history of *uid* once it has *stages*; log entries arrive a little later."""

    def complete() -> list[dict[str, Any]]:
        steps = stack.command_json("trace", uid)
        return steps if [step["stage"] for step in steps] == stages else []

    return wait_for(stack, complete)


def wait_for(stack: RunningStack, condition: Callable[[], Any]) -> Any:
    """The result of *condition*, which reads a command's output, once it is true."""
    return stack.wait_for(condition, poll_seconds=COMMAND_POLL_SECONDS)


def test_the_history_of_a_handled_event(stack):
    stack.post(CREATE, PRODUCT, "traced")

    steps = history(stack, "traced", STAGES)

    assert steps[0]["caller"] == "anonymous"
    assert steps[2]["route"] == "products"
    assert steps[-1]["state"] == "handled"
    assert steps[-2]["message"] == steps[-1]["message"] != ""


def test_a_rejected_event_is_replayed_as_a_new_message(stack):
    """The recorded rejection is not its result: Commerce is called again."""
    stack.post("be-observer.sales_order_status_update", UNKNOWN_ORDER, "to-replay")
    [first] = wait_for(stack, lambda: dead_letters(stack, "to-replay"))

    [replay] = stack.command_json("replay", "--uid", "to-replay")
    [second] = wait_for(stack, lambda: dead_letters(stack, "to-replay"))

    assert first["status"] == second["status"] == 404
    assert "Commerce answered 404" in first["reason"]
    assert (replay["result"], first["replayed"], second["replayed"]) == (
        "replayed",
        0,
        1,
    )
    assert second["original_message_id"] == replay["new_message_id"]
    steps = wait_for(
        stack,
        lambda: [
            step["message_id"]
            for step in stack.command_json("trace", "to-replay")
            if step["stage"] == "outcome" and step["outcome"] == "rejected"
        ][1:],
    )
    assert steps == [second["original_message_id"]]
    [forgotten] = stack.command_json("forget", "--uid", "to-replay", "--yes")
    assert forgotten["ledger"] == 1
    assert dead_letters(stack, "to-replay") == []


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
    assert (
        stack.command_json("trace", f"{summary['import']}-4")[-1]["state"] == "handled"
    )


def stand_in_orders(stack: RunningStack) -> list[str]:
    """The ids of the stand-in's orders."""
    response = requests.get(
        f"{stack.stack['commerce']}/_control/sample-ids", timeout=10
    )
    return [str(response.json()["order"])]
