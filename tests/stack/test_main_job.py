"""The main job: a posted event reaches Commerce, as ``make run`` has it."""

import json
import subprocess
import sys

import pytest
import requests

from functions.events import catalog
from tests import canaries, machine
from tests.running import ROOT, RunningStack

KIT = "kit-samples.json"


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with RunningStack(tmp_path_factory.mktemp("main-job")) as running:
        yield running


def send(stack: RunningStack, *arguments: str) -> subprocess.CompletedProcess:
    """``python -m cli send`` against *stack*."""
    return subprocess.run(
        [sys.executable, "-m", "cli", "send", *arguments],
        cwd=ROOT,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_all_samples_are_handled_any_number_of_times(stack):
    for _ in range(2):
        sent = send(stack, "--event", "all", "--json")

        assert sent.returncode == 0, sent.stdout + sent.stderr
        lines = [json.loads(line) for line in sent.stdout.splitlines()]
        assert {line["event"] for line in lines} == set(catalog.EVENTS)
        assert {(line["posted"], line["outcome"]) for line in lines} == {
            (200, "handled")
        }


@pytest.mark.parametrize("event", sorted(catalog.EVENTS))
def test_each_sample_is_handled_by_itself(stack, event):
    for _ in range(2):
        sent = send(stack, "--event", event)

        assert sent.returncode == 0, sent.stdout + sent.stderr
        assert "handled" in sent.stdout


def test_an_event_is_told_stage_by_stage(stack):
    value = {"sku": "STAGES-1", "name": "n", "price": 1, "description": "d"}
    stack.post("be-observer.catalog_product_create", value, "stages-1")

    stack.outcome("stages-1")

    told = [line for line in stack.said().splitlines() if "uid=stages-1" in line]
    words = [line.split("  ")[1].strip() for line in told]
    assert words == ["received", "published", "delivered, attempt 1", "handled"]
    assert all("catalog_product_create" in line for line in told)
    assert all(line.rstrip().endswith(("ms", "200")) for line in told[1::2])


def test_a_value_that_is_wrong_is_refused_with_every_fault(stack):
    value = {"sku": "", "name": 5, "price": "1.5"}

    answer = stack.post("be-observer.catalog_product_update", value, "wrong-1")

    assert answer.status_code == 400
    assert answer.json() == {
        "error": "Invalid value for be-observer.catalog_product_update",
        "errors": {
            "data.value.sku": ["Must not be empty."],
            "data.value.name": ["Must be text."],
            "data.value.price": ["Must be a number."],
            "data.value.description": ["Missing data for required field."],
        },
    }


def test_an_unknown_event_is_refused(stack):
    answer = stack.post("be-observer.catalog_rocket_launch", {"a": 1}, "unknown-1")

    assert (answer.status_code, answer.json()["error"]) == (
        400,
        "Unable to publish event be-observer.catalog_rocket_launch: Unknown event type",
    )


def test_what_commerce_refuses_becomes_a_dead_letter(stack):
    value = {"id": 999_999, "name": "a", "lastname": "b", "email": "c@d.example"}

    stack.post("be-observer.customer_update", value, "nobody-1")

    assert "404" in stack.outcome("nobody-1", "rejected")
    listed = subprocess.run(
        [sys.executable, "-m", "cli", "dead-letters", "--uid", "nobody-1", "--json"],
        cwd=ROOT,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    [letter] = [json.loads(line) for line in listed.stdout.splitlines()]
    assert letter["uid"] == "nobody-1"


@pytest.mark.adobe
def test_adobes_own_samples_are_handled_or_refused_with_why(stack):
    """Two are wrong in Adobe's documentation; an answer tells what is wrong."""
    samples = json.loads((machine.reference() / KIT).read_text())
    refused = {}
    for sample in samples:
        uid = f"kit-{sample['id']}"
        answer = stack.post(sample["event"], sample["data"], uid)
        if answer.status_code == 400:
            refused[sample["id"]] = answer.json()["errors"]
        else:
            assert answer.status_code == 200
            stack.outcome(uid)

    unknown, missing = ["Unknown field."], ["Missing data for required field."]
    assert set(refused) == {"docs.shipment.create", "docs.stock.update"}
    assert refused["docs.stock.update"] == {"data.value": ["Invalid input type."]}
    assert refused["docs.shipment.create"]["data.value.comments"] == unknown
    assert refused["docs.shipment.create"]["data.value.comment"] == missing


def test_a_person_sees_a_page_and_nothing_secret(stack):
    page = requests.get(stack.stack["ingest"], timeout=10)

    assert (page.status_code, page.headers["content-type"]) == (
        200,
        "text/html; charset=utf-8",
    )
    assert "POST events here" in page.text


def test_no_payload_and_no_secret_is_said_in_the_terminal(stack):
    """Whatever becomes of each of them, most of which the shop refuses."""
    for number, (event, value) in enumerate(canaries.values().items()):
        assert stack.post(event, value, f"quiet-{number}").status_code == 200
        assert stack.post(event, [value, 1], f"wrong-{number}").status_code == 400
    for number in range(len(catalog.EVENTS)):
        stack.outcome(f"quiet-{number}", "(handled|refused|retrying)")

    assert canaries.found(stack.said()) == []
