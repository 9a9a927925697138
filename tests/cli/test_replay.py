"""``replay`` and ``discard``: what comes back, what is left out, and none is lost."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from functions.events import samples
from functions.ledger.decisions import AlreadyProcessed
from tests.cli.deployment import SOURCE

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = samples.value("be-observer.catalog_product_create")
ORDER = samples.value("be-observer.sales_order_status_update")
EARLY = "2026-10-05T12:00:00.000000Z"
LATE = "2026-10-05T13:00:00.000000Z"


def product(sku: str) -> dict:
    return {**PRODUCT, "sku": sku}


def test_a_replay_is_the_event_as_it_was(deployment):
    deployment.refused(
        "catalog_product_create", PRODUCT, "u1", time=EARLY, traceparent="00-t-s-01"
    )

    [told] = deployment.told("replay", "--all")

    [message] = deployment.published("product")
    assert told["did"] == "replayed"
    assert told["as_message"] == message.message_id
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
    assert message.ordering_key == f"product:{PRODUCT['sku']}"
    assert deployment.waiting() == 0


def test_what_pubsub_dead_lettered_loses_its_marks(deployment):
    deployment.out_of_tries("sales_order_status_update", ORDER, "u1", replayed="2")

    deployment.told("replay", "--all")

    [message] = deployment.published("order")
    assert [n for n in message.attributes if n.startswith("CloudPubSub")] == []
    assert message.attributes["replayed"] == "3"


def test_one_some_or_all(deployment):
    one = deployment.refused("catalog_product_create", product("A"), "u1")
    deployment.refused("catalog_product_create", product("B"), "u2")
    deployment.refused("sales_order_status_update", ORDER, "u3")

    assert [step["uid"] for step in deployment.told("replay", one)] == ["u1"]
    assert deployment.waiting() == 2
    some = deployment.told("replay", "--entity", "order")
    assert [step["uid"] for step in some] == ["u3"]
    assert [step["uid"] for step in deployment.told("replay", "--all")] == ["u2"]
    assert deployment.waiting() == 0
    seen = [message.attributes["ce-id"] for message in deployment.published("product")]
    assert sorted(seen) == ["u1", "u2"]


def test_nothing_is_replayed_unless_somebody_says_which(deployment):
    deployment.refused("catalog_product_create", PRODUCT, "u1")

    assert deployment.run("replay").exit_code == 2
    assert deployment.run("replay", "--all", "4711").exit_code == 2
    assert deployment.waiting() == 1


def test_a_dry_run_only_tells(deployment):
    deployment.refused("catalog_product_create", PRODUCT, "u1")

    told = deployment.told("replay", "--all", "--dry-run")

    assert [(step["did"], step["uid"]) for step in told] == [("would replay", "u1")]
    assert deployment.published("product") == []
    assert deployment.waiting() == 1


def test_people_read_a_line_each_and_a_sum(deployment):
    letter = deployment.refused("catalog_product_create", PRODUCT, "u1")

    lines = deployment.run("replay", "--all").stdout.splitlines()

    assert lines == [
        f"replayed      {letter}  be-observer.catalog_product_create  uid u1",
        "1 replayed",
    ]
    assert deployment.run("replay", "--all").stdout == (
        "No dead letters to replay in the local stack.\n"
    )


def test_events_are_replayed_in_the_order_they_happened(deployment):
    for number in (3, 1, 2, 0):
        deployment.refused(
            "catalog_product_create",
            product("A"),
            f"u{number}",
            time=f"2026-10-05T12:00:0{number}.000000Z",
        )

    deployment.told("replay", "--all")

    seen = [message.attributes["ce-id"] for message in deployment.published("product")]
    assert seen == ["u0", "u1", "u2", "u3"]


def test_an_event_that_keeps_coming_back_is_left_out_unless_again(deployment):
    deployment.refused("catalog_product_create", PRODUCT, "u1", replayed="3")

    [left] = deployment.told("replay", "--all")

    assert (left["did"], left["why"]) == (
        "left out",
        "Replayed 3 times before and here again (--again)",
    )
    assert deployment.waiting() == 1
    [again] = deployment.told("replay", "--all", "--again")
    assert again["did"] == "replayed"
    [message] = deployment.published("product")
    assert message.attributes["replayed"] == "4"


def test_replay_refuse_replay_ends_by_itself(deployment):
    """A loop of a script: what is refused each time is replayed three times."""
    deployment.refused("catalog_product_create", PRODUCT, "u1")
    rounds = 0
    while deployment.told("replay", "--all")[0]["did"] == "replayed":
        rounds += 1
        [message] = deployment.published("product")
        count = message.attributes["replayed"]
        deployment.refused("catalog_product_create", PRODUCT, "u1", replayed=count)

    assert rounds == 3


def test_a_newer_event_of_the_same_key_leaves_an_older_out(deployment):
    deployment.refused("catalog_product_create", product("A"), "u1", time=EARLY)
    deployment.refused("catalog_product_create", product("B"), "u2", time=EARLY)
    deployment.tried(
        "catalog_product_update",
        product("A"),
        "u3",
        time=LATE,
        status=200,
        answer="Done",
        final=True,
    )

    told = deployment.told("replay", "--all")

    assert {(step["uid"], step["did"], step["why"]) for step in told} == {
        (
            "u1",
            "left out",
            f"A newer event of product:A was handled since, that of {LATE}"
            " (--even-if-newer)",
        ),
        ("u2", "replayed", ""),
    }
    assert deployment.waiting() == 1
    [step] = deployment.told("replay", "--all", "--even-if-newer")
    assert (step["uid"], step["did"]) == ("u1", "replayed")


def test_what_was_handled_before_leaves_nothing_out(deployment):
    deployment.refused("catalog_product_create", PRODUCT, "u1", time=LATE)
    deployment.tried(
        "catalog_product_update",
        PRODUCT,
        "u0",
        time=EARLY,
        status=200,
        answer="Done",
        final=True,
    )

    assert deployment.told("replay", "--all")[0]["did"] == "replayed"


def test_a_named_letter_that_is_left_out_or_missing_is_exit_1(deployment):
    letter = deployment.refused("catalog_product_create", PRODUCT, "u1", replayed="3")

    deployment.told("replay", letter, status=1)
    result = deployment.run("replay", "4711")

    assert result.exit_code == 1
    assert result.stderr == (
        "There is no such dead letter 4711, or another operator has it\n"
    )


def test_a_letter_of_no_entity_stays_and_is_told(deployment):
    deployment.api.publish(deployment.topic("dead-letters"), b"{}")

    [step] = deployment.told("replay", "--all")

    assert (step["did"], step["why"]) == (
        "left out",
        "It belongs to no entity we know, so to no topic",
    )
    assert deployment.waiting() == 1


def test_without_ledger_nobody_knows_what_is_newer(deployment):
    deployment.announce(ledger="memory")
    deployment.refused("catalog_product_create", PRODUCT, "u1")

    result = deployment.run("replay", "--all")

    assert result.exit_code == 2
    assert "set LEDGER, or say --even-if-newer" in result.stderr
    assert deployment.waiting() == 1
    assert deployment.told("replay", "--all", "--even-if-newer")[0]["did"] == "replayed"


def test_what_cannot_be_published_stays_and_later_ones_do_not_overtake_it(deployment):
    deployment.refused("catalog_product_create", product("A"), "u1", time=EARLY)
    deployment.refused("catalog_product_create", product("A"), "u2", time=LATE)
    deployment.refused("sales_order_status_update", ORDER, "u3", time=LATE)
    topic = deployment.topic("product")
    deployment.api.publisher.delete_topic(topic=topic)

    told = deployment.told("replay", "--all", status=1)

    assert [(step["uid"], step["did"]) for step in told[:1]] == [("u1", "failed")]
    assert {(step["uid"], step["did"]) for step in told[1:]} == {
        ("u2", "left out"),
        ("u3", "replayed"),
    }
    assert "NOT_FOUND" in told[0]["why"]
    assert deployment.waiting() == 2


def test_the_rate_is_kept(deployment):
    for number in range(4):
        deployment.refused(
            "catalog_product_create", product(f"A{number}"), f"u{number}"
        )
    began = time.monotonic()

    deployment.told("replay", "--all", "--rate", "10")

    assert time.monotonic() - began > 0.29  # three waits of a tenth


def test_killed_half_way_nothing_is_lost(hasty_deployment):
    deployment = hasty_deployment
    uids = {f"u{number}" for number in range(30)}
    for uid in sorted(uids):
        deployment.refused("catalog_product_create", product(uid), uid)
    replay = [sys.executable, "-m", "cli", "replay", "--all", "--rate", "10", "--json"]
    environment = {**os.environ, **deployment.environment}
    process = subprocess.Popen(
        replay, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    for _ in range(7):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    first = [message.attributes["ce-id"] for message in deployment.published("product")]
    end = time.monotonic() + 10
    while deployment.waiting() < len(uids) - len(first):  # until its leases ran out
        assert time.monotonic() < end
        time.sleep(0.1)

    second = subprocess.run(
        [*replay[:-3], "--rate", "0"], cwd=ROOT, env=environment, check=False
    )

    again = [message.attributes["ce-id"] for message in deployment.published("product")]
    assert second.returncode == 0
    assert 7 <= len(first) < len(uids)
    assert {*first, *again} == uids
    # At most the one that it died upon has a second copy.
    assert len(first) + len(again) <= len(uids) + 1
    assert deployment.waiting() == 0


def test_terminated_half_way_it_gives_back_at_once(deployment):
    for number in range(5):
        deployment.refused(
            "catalog_product_create", product(f"A{number}"), f"u{number}"
        )
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "replay", "--all", "--rate", "0.5", "--json"],
        cwd=ROOT,
        env={**os.environ, **deployment.environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    process.stdout.readline()
    process.terminate()
    process.communicate(timeout=10)

    assert process.returncode == 128 + signal.SIGTERM
    assert deployment.waiting() == 4


def test_a_bar_on_the_screen_takes_nothing_from_a_pipe(deployment):
    for number in range(3):
        value = product(f"A{number}")
        deployment.refused("catalog_product_create", value, f"u{number}")
    screen, ours = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "replay", "--all", "--rate", "5", "--json"],
        cwd=ROOT,
        env={**os.environ, **deployment.environment, "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=ours,
        text=True,
    )
    os.close(ours)
    lines = process.communicate(timeout=20)[0].splitlines()
    shown = os.read(screen, 100_000).decode()
    os.close(screen)

    assert [json.loads(line)["did"] for line in lines] == ["replayed"] * 3
    assert "replaying" in shown
    assert "ce-id" not in shown


def test_a_second_copy_is_a_repeat_for_the_ledger(deployment):
    deployment.tried(
        "catalog_product_create",
        PRODUCT,
        "u1",
        message_id="first copy",
        status=200,
        answer="Product created",
        final=True,
    )

    second = deployment.tried(
        "catalog_product_create", PRODUCT, "u1", message_id="second copy"
    )

    assert second == AlreadyProcessed(200, "Product created", True)


# discard


def test_discard_asks_and_then_removes(deployment):
    deployment.refused("catalog_product_create", PRODUCT, "u1")
    deployment.refused("sales_order_status_update", ORDER, "u2")

    result = deployment.run("discard", "--entity", "order", input="y\n")

    assert result.exit_code == 0
    assert "Remove these 1 of the local stack for good? [y/N]: y\n" in result.stdout
    assert result.stdout.endswith("\n1 discarded\n")
    assert [letter["uid"] for letter in deployment.told("dead-letters")] == ["u1"]


@pytest.mark.parametrize("answer", ["n\n", ""], ids=["no", "nobody there"])
def test_discard_without_a_yes_removes_nothing(deployment, answer):
    deployment.refused("catalog_product_create", PRODUCT, "u1")

    result = deployment.run("discard", "--all", input=answer)

    assert result.exit_code == 1
    assert deployment.waiting() == 1


def test_discard_for_scripts(deployment):
    letter = deployment.refused("catalog_product_create", PRODUCT, "u1")

    assert deployment.run("discard", letter, "--json").exit_code == 2
    assert deployment.run("discard").exit_code == 2
    [dry] = deployment.told("discard", letter, "--dry-run")
    assert (dry["did"], deployment.waiting()) == ("would discard", 1)
    [told] = deployment.told("discard", letter, "--yes")
    assert (told["did"], told["message_id"]) == ("discarded", letter)
    assert deployment.waiting() == 0
    assert deployment.told("discard", letter, "--yes", status=1) == []
