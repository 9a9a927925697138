"""``dead-letters`` lists, filters and shows dead letters, and consumes none."""

import json
import time

import pytest
from google.pubsub_v1.types import DeadLetterPolicy, PushConfig

from cli.leased_messages import LeasedMessages
from cli.pubsub import PubSub
from functions.events import catalog, samples
from functions.events.message import message
from tests.support.cli_deployment import SOURCE, UNAVAILABLE
from tests.support.running import free_port

CREATE = "catalog_product_create"
UPDATE_ORDER = "sales_order_status_update"
PRODUCT = samples.value(f"be-observer.{CREATE}")
ORDER = samples.value(f"be-observer.{UPDATE_ORDER}")
NOT_FOUND = (
    "There is no dead letter 4711, or another command has it: list them again in a"
    " minute\n"
)


def test_a_table_is_printed(deployment):
    message_id = deployment.add_rejected(CREATE, PRODUCT, "u1")

    header, row = deployment.run("dead-letters").stdout.splitlines()

    assert header.split() == (
        "MESSAGE_ID SINCE (UTC) EVENT UID ATTEMPTS REASON".split()
    )
    assert row.split()[0] == message_id
    assert row.endswith(
        "catalog_product_create  u1   2         400 Commerce answered 400: No."
    )


def test_a_pipe_gets_one_line_per_row(deployment):
    reason = "long " * 50 + "end"
    deployment.add_rejected(CREATE, PRODUCT, "u1", reason=reason)
    deployment.add_rejected(UPDATE_ORDER, ORDER, "u2", reason=reason)

    lines = deployment.run("dead-letters").stdout.splitlines()

    assert len(lines) == 3
    assert all(line.endswith(f"400 {reason}") for line in lines[1:])


def test_an_empty_list_is_a_sentence(deployment):
    result = deployment.run("dead-letters")

    assert (result.exit_code, result.stdout) == (
        0,
        "No dead letters in the local stack.\n",
    )
    assert deployment.run("dead-letters", "--entity", "order").stdout == (
        "No such dead letters in the local stack.\n"
    )
    assert deployment.run_json("dead-letters") == []


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param(["--entity", "order"], ["u2"], id="entity"),
        pytest.param(["--event", UPDATE_ORDER], ["u2"], id="event"),
        pytest.param(["--event", f"be-observer.{UPDATE_ORDER}"], ["u2"], id="full"),
        pytest.param(["--uid", "u1"], ["u1"], id="uid"),
        pytest.param(["--reason", "no such ORDER"], ["u2"], id="reason"),
        pytest.param(["--since", "1h"], ["u1", "u2"], id="since"),
        pytest.param(["--until", "1h"], [], id="until"),
        pytest.param(["--until", "2999-01-01"], ["u1", "u2"], id="until a date"),
        pytest.param(["--entity", "order", "--uid", "u1"], [], id="two filters"),
        pytest.param(["--limit", "1"], 1, id="limit"),
    ],
)
def test_filters(deployment, filters, expected):
    deployment.add_rejected(CREATE, PRODUCT, "u1")
    deployment.add_rejected(UPDATE_ORDER, ORDER, "u2", reason="There is no such order")

    dead_letters = deployment.run_json("dead-letters", *filters)

    if expected == 1:
        assert len(dead_letters) == 1
    else:
        assert [dead_letter["uid"] for dead_letter in dead_letters] == expected
    assert deployment.available() == 2


def test_show_prints_the_value_and_consumes_nothing(deployment):
    message_id = deployment.add_rejected(CREATE, PRODUCT, "u1")
    deployment.add_rejected(UPDATE_ORDER, ORDER, "u2")

    [first] = deployment.run_json("dead-letters", "--show", message_id)
    [second] = deployment.run_json("dead-letters", "--show", message_id)

    assert first == second
    assert first["data"] == PRODUCT
    assert first["attributes"]["dead-letter-reason"] == "Commerce answered 400: No."
    assert first["attributes"]["ce-id"] == "u1"
    text = deployment.run("dead-letters", "--show", message_id).stdout
    assert json.loads(text[text.index("\n{\n") :]) == PRODUCT
    assert deployment.available() == 2


def test_show_of_an_unknown_one_exits_1(deployment):
    result = deployment.run("dead-letters", "--show", "4711")

    assert (result.exit_code, result.stderr) == (1, NOT_FOUND)


def test_any_message_is_shown_without_control_characters(deployment):
    message_id = deployment.publish(
        "dead-letters", b"\xff\x00", **{"ce-id": "\x1b[31mred"}
    )

    [dead_letter] = deployment.run_json("dead-letters", "--show", message_id)
    text = deployment.run("dead-letters", "--show", message_id).stdout

    assert dead_letter["data_base64"] == "/wA="
    assert (dead_letter["origin"], dead_letter["entity"], dead_letter["status"]) == (
        "unknown",
        "",
        None,
    )
    assert dead_letter["reason"] == "No reason: it was not published by this project"
    assert "\x1b" not in text
    assert "\x1b" not in deployment.run("dead-letters").stdout


def test_an_exhausted_event_shows_its_last_error(deployment):
    deployment.attempt(CREATE, PRODUCT, "u1", **UNAVAILABLE)
    deployment.add_exhausted(CREATE, PRODUCT, "u1")

    [dead_letter] = deployment.run_json("dead-letters", "--reason", "is down")

    assert dead_letter["reason"] == "Delivery attempts exhausted: 503 Commerce is down"
    assert (dead_letter["status"], dead_letter["attempts"], dead_letter["origin"]) == (
        503,
        100,
        "pubsub",
    )
    assert dead_letter["subscription"] == f"{deployment.prefix}product"


def test_a_dead_letter_of_the_broker_is_replayed(fast_deployment):
    """The broker itself moves the message after five pushes without a consumer."""
    deployment = fast_deployment
    deployment.subscribe(
        "order",
        "order",
        push_config=PushConfig(push_endpoint=f"http://127.0.0.1:{free_port()}/"),
        dead_letter_policy=DeadLetterPolicy(
            dead_letter_topic=deployment.topic("dead-letters"), max_delivery_attempts=5
        ),
    )
    definition = catalog.EVENTS[f"be-observer.{UPDATE_ORDER}"]
    original = message(
        definition, "u1", ORDER, SOURCE, "2026-10-05T12:00:00.000000Z", None
    )
    deployment.publish(
        "order", original.data, original.ordering_key, **original.attributes
    )
    end = time.monotonic() + 10
    while not deployment.available():
        assert time.monotonic() < end
        time.sleep(0.05)

    [dead_letter] = deployment.run_json("dead-letters")

    assert dead_letter["reason"] == (
        "Delivery attempts exhausted: no attempt reached the consumer's ledger"
    )
    assert (dead_letter["origin"], dead_letter["attempts"], dead_letter["entity"]) == (
        "pubsub",
        5,
        "order",
    )
    assert dead_letter["subscription"] == f"{deployment.prefix}order"
    assert dead_letter["time"] == "2026-10-05T12:00:00.000000Z"
    deployment.published("order")
    assert deployment.run_json("replay", "--all")[0]["result"] == "replayed"
    [again] = deployment.published("order")
    assert dict(again.attributes) == {**original.attributes, "replayed": "1"}
    assert (again.data, again.ordering_key) == (original.data, original.ordering_key)


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        pytest.param(None, "no attempt reached the consumer's ledger", id="none"),
        pytest.param({}, "an attempt is still in flight (no result)", id="in flight"),
        pytest.param(
            {"status": 200, "message": "Done", "final": True},
            "but the event was handled: 200 Done",
            id="acknowledgement lost",
        ),
    ],
)
def test_the_last_error_by_state_of_the_ledger(deployment, outcome, reason):
    if outcome is not None:
        deployment.attempt(CREATE, PRODUCT, "u1", **outcome)
    deployment.add_exhausted(CREATE, PRODUCT, "u1")

    [dead_letter] = deployment.run_json("dead-letters")

    assert dead_letter["reason"] == f"Delivery attempts exhausted: {reason}"


def test_the_last_error_is_not_that_of_another_value(deployment):
    deployment.attempt(CREATE, {**PRODUCT, "name": "Other"}, "u1", **UNAVAILABLE)
    deployment.add_exhausted(CREATE, PRODUCT, "u1")

    [dead_letter] = deployment.run_json("dead-letters")

    assert dead_letter["reason"].endswith(": no attempt reached the consumer's ledger")


def test_a_lease_is_extended_while_in_use(fast_deployment):
    fast_deployment.add_rejected(CREATE, PRODUCT, "u1")
    deployment = fast_deployment.deployment
    with (
        PubSub(deployment.pubsub) as pubsub,
        LeasedMessages(
            pubsub, deployment.dead_letter_subscription, extend_seconds=0.5
        ) as messages,
    ):
        assert len(list(messages)) == 1
        time.sleep(2.5)  # a lease lasts two seconds there
        assert fast_deployment.available() == 0
    assert fast_deployment.available() == 1
