"""``dead-letters``: lists, filters and shows, and consumes nothing."""

import json
import time

import pytest
from google.pubsub_v1.types import DeadLetterPolicy as _DeadLetterPolicy

from cli.browse import Browse
from cli.pubsub import PubSub, PushConfig
from functions.events import catalog, samples
from functions.events.message import message
from tests.cli.deployment import SOURCE
from tests.running import free_port

PRODUCT = samples.value("be-observer.catalog_product_create")
ORDER = samples.value("be-observer.sales_order_status_update")
DeadLetterPolicy = _DeadLetterPolicy.pb()


def test_a_letter_is_listed_with_what_why_when_where_and_how_often(deployment):
    letter = deployment.refused(
        "catalog_product_create",
        PRODUCT,
        "u1",
        reason="Commerce answered 400: SKU is taken.",
        time="2026-10-05T12:00:00.000000Z",
    )

    [told] = deployment.told("dead-letters")

    since = told.pop("since")
    assert since.endswith("Z")
    assert told == {
        "message_id": letter,
        "event": "be-observer.catalog_product_create",
        "entity": "product",
        "uid": "u1",
        "source": SOURCE,
        "time": "2026-10-05T12:00:00.000000Z",
        "ordering_key": f"product:{PRODUCT['sku']}",
        "reason": "Commerce answered 400: SKU is taken.",
        "status": 400,
        "attempts": 2,
        "subscription": f"{deployment.prefix}product",
        "original_message_id": "original-u1",
        "by": "consumer",
        "replayed": 0,
    }


def test_people_get_a_table(deployment):
    letter = deployment.refused("catalog_product_create", PRODUCT, "u1")

    lines = deployment.run("dead-letters").stdout.splitlines()

    assert lines[0].split() == "MESSAGE_ID SINCE (UTC) EVENT UID TRIES REASON".split()
    assert lines[1].split()[0] == letter
    assert (
        lines[1]
        .rstrip()
        .endswith("catalog_product_create  u1   2      400 Commerce answered 400: No.")
    )
    assert len(lines) == 2


def test_a_pipe_gets_a_line_for_each_however_long(deployment):
    reason = "long " * 50 + "end"
    deployment.refused("catalog_product_create", PRODUCT, "u1", reason=reason)
    deployment.refused("sales_order_status_update", ORDER, "u2", reason=reason)

    lines = deployment.run("dead-letters").stdout.splitlines()

    assert len(lines) == 3
    assert all(line.endswith(f"400 {reason}") for line in lines[1:])


def test_where_there_are_none_it_says_so(deployment):
    result = deployment.run("dead-letters")

    assert (result.exit_code, result.stdout) == (
        0,
        "No such dead letters in the local stack.\n",
    )
    assert deployment.told("dead-letters") == []


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param(["--entity", "order"], ["u2"], id="entity"),
        pytest.param(["--event", "sales_order_status_update"], ["u2"], id="event"),
        pytest.param(
            ["--event", "be-observer.sales_order_status_update"], ["u2"], id="event's"
        ),
        pytest.param(["--uid", "u1"], ["u1"], id="uid"),
        pytest.param(["--reason", "no such ORDER"], ["u2"], id="reason"),
        pytest.param(["--since", "1h"], ["u1", "u2"], id="since"),
        pytest.param(["--until", "1h"], [], id="until"),
        pytest.param(["--until", "2999-01-01"], ["u1", "u2"], id="until a date"),
        pytest.param(["--entity", "order", "--uid", "u1"], [], id="two at once"),
        pytest.param(["--limit", "1"], 1, id="limit"),
    ],
)
def test_filters(deployment, filters, expected):
    deployment.refused("catalog_product_create", PRODUCT, "u1")
    deployment.refused(
        "sales_order_status_update", ORDER, "u2", reason="There is no such order"
    )

    told = deployment.told("dead-letters", *filters)

    if expected == 1:
        assert len(told) == 1
    else:
        assert [letter["uid"] for letter in told] == expected
    assert deployment.waiting() == 2


def test_one_is_shown_whole_without_being_consumed(deployment):
    letter = deployment.refused("catalog_product_create", PRODUCT, "u1")
    deployment.refused("sales_order_status_update", ORDER, "u2")

    [first] = deployment.told("dead-letters", "--show", letter)
    [second] = deployment.told("dead-letters", "--show", letter)

    assert first == second
    assert first["data"] == PRODUCT
    assert first["attributes"]["dead-letter-reason"] == "Commerce answered 400: No."
    assert first["attributes"]["ce-id"] == "u1"
    shown = deployment.run("dead-letters", "--show", letter).stdout
    value = shown[shown.index("\n{\n") :]
    assert json.loads(value) == PRODUCT
    assert deployment.waiting() == 2


def test_what_is_not_there_cannot_be_shown(deployment):
    result = deployment.run("dead-letters", "--show", "4711")

    assert result.exit_code == 1
    assert result.stderr == (
        "There is no dead letter 4711, or another operator has it just now\n"
    )


def test_what_is_no_json_is_shown_all_the_same(deployment):
    letter = deployment.api.publish(
        deployment.topic("dead-letters"), b"\xff\x00", **{"ce-id": "\x1b[31mred"}
    )

    [told] = deployment.told("dead-letters", "--show", letter)
    shown = deployment.run("dead-letters", "--show", letter).stdout

    assert told["data_base64"] == "/wA="
    assert (told["by"], told["entity"], told["status"]) == ("?", "", None)
    assert told["reason"] == "It says no reason: not put here by this project"
    assert "\x1b" not in shown
    assert "\x1b" not in deployment.run("dead-letters").stdout


def test_what_pubsub_dead_lettered_is_shown_with_its_last_error(deployment):
    deployment.tried(
        "catalog_product_create",
        PRODUCT,
        "u1",
        status=503,
        answer="Commerce answered 503: maintenance",
        final=False,
    )
    deployment.out_of_tries("catalog_product_create", PRODUCT, "u1")

    [told] = deployment.told("dead-letters", "--reason", "maintenance")

    assert told["reason"] == "Out of tries: 503 Commerce answered 503: maintenance"
    assert (told["status"], told["attempts"], told["by"]) == (503, 100, "pubsub")
    assert told["subscription"] == f"{deployment.prefix}product"


def test_what_the_broker_itself_dead_letters_is_read_and_replayed(hasty_deployment):
    deployment = hasty_deployment
    deployment.subscribe(
        "order",
        "order",
        push_config=PushConfig(push_endpoint=f"http://127.0.0.1:{free_port()}/"),
        dead_letter_policy=DeadLetterPolicy(
            dead_letter_topic=deployment.topic("dead-letters"), max_delivery_attempts=5
        ),
    )
    known = catalog.find("be-observer.sales_order_status_update")
    made = message(known, "u1", ORDER, SOURCE, "2026-10-05T12:00:00.000000Z", None)
    topic = deployment.topic("order")
    deployment.api.publish(topic, made.data, made.ordering_key, **made.attributes)
    end = time.monotonic() + 10
    while not deployment.waiting():
        assert time.monotonic() < end
        time.sleep(0.05)

    [told] = deployment.told("dead-letters")

    assert told["reason"] == (
        "Out of tries: none of them has reached the consumer's ledger"
    )
    assert (told["by"], told["attempts"], told["entity"]) == ("pubsub", 5, "order")
    assert told["subscription"] == f"{deployment.prefix}order"
    assert told["time"] == "2026-10-05T12:00:00.000000Z"
    deployment.published("order")
    assert deployment.told("replay", "--all")[0]["did"] == "replayed"
    [again] = deployment.published("order")
    assert dict(again.attributes) == {**made.attributes, "replayed": "1"}
    assert (again.data, again.ordering_key) == (made.data, made.ordering_key)


@pytest.mark.parametrize(
    ("tried", "reason"),
    [
        pytest.param(
            None, "none of them has reached the consumer's ledger", id="never came"
        ),
        pytest.param({}, "one is still under way (no answer before)", id="under way"),
        pytest.param(
            {"status": 200, "answer": "Done", "final": True},
            "yet it was handled: 200 Done",
            id="acknowledgement lost",
        ),
    ],
)
def test_the_last_error_by_the_ledgers_states(deployment, tried, reason):
    if tried is not None:
        deployment.tried("catalog_product_create", PRODUCT, "u1", **tried)
    deployment.out_of_tries("catalog_product_create", PRODUCT, "u1")

    [told] = deployment.told("dead-letters")

    assert told["reason"] == f"Out of tries: {reason}"


def test_the_error_of_another_value_is_not_taken_for_its_own(deployment):
    other = {**PRODUCT, "name": "Other"}
    deployment.tried(
        "catalog_product_create", other, "u1", status=503, answer="x", final=False
    )
    deployment.out_of_tries("catalog_product_create", PRODUCT, "u1")

    [told] = deployment.told("dead-letters")

    assert told["reason"] == (
        "Out of tries: none of them has reached the consumer's ledger"
    )


def test_a_long_error_is_cut_to_what_pubsub_takes_and_not_lost(deployment):
    more = {f"x-{number}": "ü" * 600 for number in range(93)}
    deployment.refused(
        "catalog_product_create", PRODUCT, "u1", reason="é" * 900, **more
    )

    [told] = deployment.told("dead-letters")
    [whole] = deployment.told("dead-letters", "--show", told["message_id"])

    assert told["reason"] == "é" * 510 + "…"
    assert len(whole["attributes"]) == 100
    assert whole["attributes"]["dead-letter-status"] == "400"
    assert whole["data"] == PRODUCT


def test_two_operators_at_once_see_parts_and_nothing_is_lost(deployment):
    for number in range(5):
        deployment.refused("catalog_product_create", PRODUCT, f"u{number}")
    subscription = deployment.where.dead_letters
    other = deployment.api.pull(subscription, 2)

    told = deployment.told("dead-letters")

    theirs = {received.message.attributes["ce-id"] for received in other}
    ours = {letter["uid"] for letter in told}
    assert ours == {"u0", "u1", "u2", "u3", "u4"} - theirs
    deployment.api.deadline(subscription, 0, *other)
    assert len(deployment.told("dead-letters")) == 5


def test_a_lease_is_kept_while_somebody_looks(hasty_deployment):
    deployment = hasty_deployment
    deployment.refused("catalog_product_create", PRODUCT, "u1")
    where = deployment.where
    with (
        PubSub(where.pubsub) as pubsub,
        Browse(pubsub, where.dead_letters, keep_seconds=0.5) as browse,
    ):
        assert len(list(browse)) == 1
        time.sleep(2.5)  # a lease lasts two seconds there
        assert deployment.waiting() == 0
    assert deployment.waiting() == 1


def test_a_folder_without_a_stack_is_exit_3(deployment, tmp_path):
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    result = deployment.run("dead-letters", env={"LOCAL_STATE": str(nothing)})

    assert result.exit_code == 3
    assert result.stderr == (
        "Error: No local stack is running: start it with make run, or name a"
        " deployment with --project or GOOGLE_CLOUD_PROJECT\n"
    )
