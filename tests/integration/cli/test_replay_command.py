"""``replay`` publishes dead letters again, and loses none."""

import json
import os
import pty
import signal
import sys
import time

import pytest

from cli.__main__ import main
from functions.events import samples
from functions.ledger.decisions import AlreadyProcessed
from tests.support.cli_deployment import HANDLED
from tests.support.cli_process import CommandProcess

CREATE = "catalog_product_create"
UPDATE_ORDER = "sales_order_status_update"
PRODUCT = samples.value(f"be-observer.{CREATE}")
ORDER = samples.value(f"be-observer.{UPDATE_ORDER}")
EARLY = "2026-10-05T12:00:00.000000Z"
LATE = "2026-10-05T13:00:00.000000Z"


def product(sku: str) -> dict:
    return {**PRODUCT, "sku": sku}


def running_replay(deployment, *options: str) -> CommandProcess:
    """``replay --all --json`` as a process."""
    return CommandProcess(deployment.environment, "replay", "--all", "--json", *options)


def uids_published(deployment) -> list[str]:
    return [m.attributes["ce-id"] for m in deployment.published("product")]


def test_attributes_of_pubsub_are_removed(deployment):
    deployment.add_exhausted(UPDATE_ORDER, ORDER, "u1", replayed="2")

    deployment.run_json("replay", "--all")

    [message] = deployment.published("order")
    assert [n for n in message.attributes if n.startswith("CloudPubSub")] == []
    assert message.attributes["replayed"] == "3"


def test_one_some_or_all_are_replayed(deployment):
    message_id = deployment.add_rejected(CREATE, product("A"), "u1")
    deployment.add_rejected(CREATE, product("B"), "u2")
    deployment.add_rejected(UPDATE_ORDER, ORDER, "u3")

    assert [r["uid"] for r in deployment.run_json("replay", message_id)] == ["u1"]
    assert deployment.available() == 2
    some = deployment.run_json("replay", "--entity", "order")
    assert [replay["uid"] for replay in some] == ["u3"]
    assert [r["uid"] for r in deployment.run_json("replay", "--all")] == ["u2"]
    assert deployment.available() == 0
    assert sorted(uids_published(deployment)) == ["u1", "u2"]


def test_a_replay_needs_a_selection(deployment):
    deployment.add_rejected(CREATE, PRODUCT, "u1")

    assert deployment.run("replay").exit_code == 2
    assert deployment.run("replay", "--all", "4711").exit_code == 2
    assert deployment.available() == 1


def test_a_dry_run_of_replay_publishes_nothing(deployment):
    deployment.add_rejected(CREATE, PRODUCT, "u1")

    replays = deployment.run_json("replay", "--all", "--dry-run")

    assert [(r["result"], r["uid"]) for r in replays] == [("would replay", "u1")]
    assert deployment.published("product") == []
    assert deployment.available() == 1


def test_a_line_for_each_replay_and_the_sum_are_printed(deployment):
    message_id = deployment.add_rejected(CREATE, PRODUCT, "u1")

    assert deployment.run("replay", "--all").stdout.splitlines() == [
        f"replayed      {message_id}  be-observer.catalog_product_create  uid u1",
        "1 replayed",
    ]
    assert deployment.run("replay", "--all").stdout == (
        "No dead letters to replay in the local stack.\n"
    )


def test_events_are_replayed_in_order_of_their_time(deployment):
    for number in (3, 1, 2, 0):
        time_ = f"2026-10-05T12:00:0{number}.000000Z"
        deployment.add_rejected(CREATE, product("A"), f"u{number}", time=time_)

    deployment.run_json("replay", "--all")

    assert uids_published(deployment) == ["u0", "u1", "u2", "u3"]


def test_an_event_replayed_three_times_needs_again(deployment):
    deployment.add_rejected(CREATE, PRODUCT, "u1", replayed="3")

    [left_out] = deployment.run_json("replay", "--all")

    assert (left_out["result"], left_out["detail"]) == (
        "left out",
        "Already replayed 3 times; add --again to replay it",
    )
    assert deployment.available() == 1
    [again] = deployment.run_json("replay", "--all", "--again")
    assert again["result"] == "replayed"
    [message] = deployment.published("product")
    assert message.attributes["replayed"] == "4"


def test_a_loop_of_replays_ends(deployment):
    """A script that replays what is rejected each time stops after three rounds."""
    deployment.add_rejected(CREATE, PRODUCT, "u1")
    rounds = 0
    while deployment.run_json("replay", "--all")[0]["result"] == "replayed":
        rounds += 1
        [message] = deployment.published("product")
        count = message.attributes["replayed"]
        deployment.add_rejected(CREATE, PRODUCT, "u1", replayed=count)

    assert rounds == 3


def test_a_newer_event_of_the_key_leaves_an_older_out(deployment):
    deployment.add_rejected(CREATE, product("A"), "u1", time=EARLY)
    deployment.add_rejected(CREATE, product("B"), "u2", time=EARLY)
    deployment.attempt(
        "catalog_product_update", product("A"), "u3", time=LATE, **HANDLED
    )

    replays = deployment.run_json("replay", "--all")

    assert {(r["uid"], r["result"], r["detail"]) for r in replays} == {
        (
            "u1",
            "left out",
            f"A newer event of product:a ({LATE}) was handled since; add"
            " --even-if-newer to replay it",
        ),
        ("u2", "replayed", ""),
    }
    assert deployment.available() == 1
    [replay] = deployment.run_json("replay", "--all", "--even-if-newer")
    assert (replay["uid"], replay["result"]) == ("u1", "replayed")


def test_an_older_event_leaves_nothing_out(deployment):
    deployment.add_rejected(CREATE, PRODUCT, "u1", time=LATE)
    deployment.attempt("catalog_product_update", PRODUCT, "u0", time=EARLY, **HANDLED)

    assert deployment.run_json("replay", "--all")[0]["result"] == "replayed"


def test_a_named_one_that_is_left_out_or_missing_exits_1(deployment):
    message_id = deployment.add_rejected(CREATE, PRODUCT, "u1", replayed="3")

    deployment.run_json("replay", message_id, status=1)
    result = deployment.run("replay", "4711")

    assert result.exit_code == 1
    assert result.stderr.startswith("There is no dead letter 4711, or another command")


def test_a_dead_letter_of_no_entity_is_left_out(deployment):
    deployment.publish("dead-letters", b"{}")

    [replay] = deployment.run_json("replay", "--all")

    assert (replay["result"], replay["detail"]) == (
        "left out",
        "Its entity is not in the catalogue, so it has no topic",
    )
    assert deployment.available() == 1


def test_replay_without_ledger_needs_even_if_newer(deployment):
    deployment.write_stack_file(ledger="memory")
    deployment.add_rejected(CREATE, PRODUCT, "u1")

    result = deployment.run("replay", "--all")

    assert result.exit_code == 2
    assert "set LEDGER, or add --even-if-newer" in result.stderr
    assert deployment.available() == 1
    [replay] = deployment.run_json("replay", "--all", "--even-if-newer")
    assert replay["result"] == "replayed"


def test_the_rate_is_limited(deployment):
    for number in range(4):
        deployment.add_rejected(CREATE, product(f"A{number}"), f"u{number}")
    start = time.monotonic()

    deployment.run_json("replay", "--all", "--rate", "10")

    assert time.monotonic() - start > 0.29  # three intervals of a tenth


def test_a_killed_replay_loses_nothing(fast_deployment):
    deployment = fast_deployment
    uids = {f"u{number}" for number in range(30)}
    for uid in sorted(uids):
        deployment.add_rejected(CREATE, product(uid), uid)
    with running_replay(deployment, "--rate", "10") as replay:
        for _ in range(7):
            replay.line()
        replay.process.kill()
    first = uids_published(deployment)
    end = time.monotonic() + 10
    while deployment.available() < len(uids) - len(first):  # until its leases expire
        assert time.monotonic() < end
        time.sleep(0.1)

    deployment.run_json("replay", "--all", "--rate", "0")

    second = uids_published(deployment)
    assert 7 <= len(first) < len(uids)
    assert {*first, *second} == uids
    # At most the one in progress at the kill has a second copy.
    assert len(first) + len(second) <= len(uids) + 1
    assert deployment.available() == 0


def test_a_terminated_replay_releases_its_leases(deployment):
    for number in range(5):
        deployment.add_rejected(CREATE, product(f"A{number}"), f"u{number}")
    with running_replay(deployment, "--rate", "0.5") as replay:
        replay.line()
        status = replay.process.stop(signal.SIGTERM, timeout_seconds=10)

    assert status == 128 + signal.SIGTERM
    assert deployment.available() == 4


def test_a_progress_bar_leaves_the_pipe_alone(deployment, monkeypatch, capsys):
    for number in range(3):
        deployment.add_rejected(CREATE, product(f"A{number}"), f"u{number}")
    for name, value in {**deployment.environment, "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)
    terminal, slave = pty.openpty()
    with open(slave, "w") as stderr, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stderr)
        with pytest.raises(SystemExit, match="0"):
            main(["replay", "--all", "--json", "--rate", "20"])
        bar = os.read(terminal, 100_000).decode()
    os.close(terminal)

    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["result"] for line in lines] == ["replayed"] * 3
    assert "replaying" in bar
    assert "ce-id" not in bar


def test_a_second_copy_is_a_duplicate_for_the_ledger(deployment):
    deployment.attempt(CREATE, PRODUCT, "u1", message_id="first copy", **HANDLED)

    second = deployment.attempt(CREATE, PRODUCT, "u1", message_id="second copy")

    assert second == AlreadyProcessed(200, "Product created", True)
