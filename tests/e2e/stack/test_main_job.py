"""The main job: a posted event reaches Commerce."""

import json

import pytest
import requests
from click.testing import CliRunner, Result

from cli.__main__ import main
from functions.events import catalog
from tests.support import canaries, machine
from tests.support.running import RunningStack

# The commands browse dead letters with return_immediately, which Google deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The return_immediately flag")


def run_command(stack: RunningStack, *arguments: str) -> Result:
    """An operator command against *stack*."""
    environment = {"LOCAL_STATE": str(stack.folder)}
    return CliRunner().invoke(main, arguments, env=environment, catch_exceptions=False)


def test_all_samples_are_handled_any_number_of_times(stack):
    for _ in range(2):
        sent = run_command(stack, "send", "--event", "all", "--json")

        assert sent.exit_code == 0, sent.output
        lines = [json.loads(line) for line in sent.stdout.splitlines()]
        assert {line["event"] for line in lines} == set(catalog.INBOUND_EVENTS)
        assert {(line["posted"], line["outcome"]) for line in lines} == {
            (200, "handled")
        }


@pytest.mark.parametrize("event", sorted(catalog.INBOUND_EVENTS))
def test_each_sample_is_handled_alone(stack, event):
    for _ in range(2):
        sent = run_command(stack, "send", "--event", event)

        assert sent.exit_code == 0, sent.output
        assert "handled" in sent.output


def test_the_terminal_shows_each_stage(stack):
    value = {"sku": "STAGES-1", "name": "n", "price": 1, "description": "d"}
    stack.post("be-observer.catalog_product_create", value, "stages-1")

    stack.outcome("stages-1")

    lines = [line for line in stack.output().splitlines() if "uid=stages-1" in line]
    words = [line.split("  ")[1].strip() for line in lines]
    assert words == ["published", "delivered, attempt 1", "handled"]
    assert all("catalog_product_create" in line for line in lines)
    assert lines[-1].endswith(" ms  200")


def test_an_invalid_value_is_rejected_with_every_error(stack):
    value = {"sku": "", "name": 5, "price": "1.5"}

    response = stack.post("be-observer.catalog_product_update", value, "wrong-1")

    assert response.status_code == 400
    assert response.json() == {
        "error": "Invalid value for be-observer.catalog_product_update",
        "errors": {
            "data.value.sku": ["Must not be empty."],
            "data.value.name": ["Must be text."],
            "data.value.price": ["Must be a number."],
            "data.value.description": ["Missing data for required field."],
        },
    }
    assert "data.value.sku, data.value.name" in stack.outcome("wrong-1", "rejected")


def test_an_unknown_event_is_rejected(stack):
    response = stack.post("be-observer.catalog_rocket_launch", {"a": 1}, "unknown-1")

    assert (response.status_code, response.json()["error"]) == (
        400,
        "Unable to publish event be-observer.catalog_rocket_launch: Unknown event type",
    )


def test_what_commerce_rejects_becomes_a_dead_letter(stack):
    value = {"id": 999_999, "name": "a", "lastname": "b", "email": "c@d.example"}

    stack.post("be-observer.customer_update", value, "unknown-customer")

    assert "404" in stack.outcome("unknown-customer", "rejected")
    listed = run_command(stack, "dead-letters", "--uid", "unknown-customer", "--json")
    [dead_letter] = [json.loads(line) for line in listed.stdout.splitlines()]
    assert dead_letter["uid"] == "unknown-customer"


@pytest.mark.adobe
def test_adobes_own_samples_are_handled_or_rejected(stack):
    """Two are invalid in Adobe's documentation; the response names each error."""
    path = machine.reference() / "kit-samples.json"
    rejected = {}
    for sample in json.loads(path.read_text()):
        uid = f"kit-{sample['id']}"
        response = stack.post(sample["event"], sample["data"], uid)
        if response.status_code == 400:
            rejected[sample["id"]] = response.json()["errors"]
        else:
            assert response.status_code == 200
            stack.outcome(uid)

    unknown, missing = ["Unknown field."], ["Missing data for required field."]
    assert set(rejected) == {"docs.shipment.create", "docs.stock.update"}
    assert rejected["docs.stock.update"] == {"data.value": ["Must be a list."]}
    assert rejected["docs.shipment.create"]["data.value.comments"] == unknown
    assert rejected["docs.shipment.create"]["data.value.comment"] == missing


def test_a_browser_sees_a_page_without_secrets(stack):
    page = requests.get(stack.stack["ingest"], timeout=10)

    assert (page.status_code, page.headers["content-type"]) == (
        200,
        "text/html; charset=utf-8",
    )
    assert "POST" in page.text


def test_the_terminal_shows_no_payload(stack):
    """Most of these are rejected by Commerce; none leaves its value in the output."""
    for number, (event, value) in enumerate(canaries.values().items()):
        assert stack.post(event, value, f"quiet-{number}").status_code == 200
        assert stack.post(event, [value, 1], f"wrong-{number}").status_code == 400
    for number in range(len(catalog.INBOUND_EVENTS)):
        stack.outcome(f"quiet-{number}", "(handled|rejected|retrying)")

    assert canaries.find(stack.output()) == []
