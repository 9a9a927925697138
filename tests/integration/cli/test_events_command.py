"""``events`` lists events with their state and their next attempt."""

import json
import re
import sqlite3
import stat
import time

import pytest
from click.testing import CliRunner

from cli.__main__ import main
from local.journal import Journal
from tests.support.cli_process import CommandProcess

EVENT = "be-observer.catalog_product_create"
ORDER = "be-observer.sales_order_status_update"


@pytest.fixture
def journal(deployment):
    """The stack's journal."""
    db = sqlite3.connect(deployment.folder / "state.sqlite", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    yield Journal(db)
    db.close()


def publish(
    journal: Journal, uid: str, entity: str = "product", age: float = 0
) -> None:
    labels = {"uid": uid, "message_id": f"m-{uid}", "entity": entity}
    labels["event"] = EVENT if entity == "product" else ORDER
    at = time.time() - age
    journal.observe("published", at=at, component="broker", topic="t", **labels)


def fail(journal: Journal, uid: str, attempt: int, seconds: float) -> None:
    """A failed attempt; the next one is due in *seconds*."""
    ids = {"uid": uid, "message_id": f"m-{uid}", "attempt": attempt}
    journal.observe("outcome", outcome="retry", status=503, **ids)
    due = {"component": "broker", "next_attempt": time.time() + seconds}
    journal.observe("answered", status=503, **due, **ids)


def subscribe(deployment, entity: str, push_to: str) -> None:
    config = {"push_config": {"push_endpoint": push_to}} if push_to else {}
    deployment.subscribe(entity, entity, **config)


def uids(deployment, *arguments: str) -> list[str]:
    return [row["uid"] for row in deployment.run_json("events", *arguments)]


def test_events_are_filtered_by_state_entity_uid_and_age(deployment, journal):
    publish(journal, "old", age=7200)
    publish(journal, "ERP-1")
    publish(journal, "erp-2", "order")
    fail(journal, "erp-2", 3, 38)
    ids = {"uid": "ERP-1", "message_id": "m-ERP-1"}
    journal.observe("outcome", outcome="handled", status=200, **ids)
    for entity in ("product", "order"):
        subscribe(deployment, entity, "http://127.0.0.1:9/")

    assert uids(deployment) == ["ERP-1", "erp-2", "old"]
    assert uids(deployment, "--state", "handled") == ["ERP-1"]
    assert uids(deployment, "--state", "pending") == ["erp-2", "old"]
    assert uids(deployment, "--entity", "order") == ["erp-2"]
    assert uids(deployment, "--uid", "erp") == ["ERP-1", "erp-2"]
    assert uids(deployment, "--since", "1h") == ["ERP-1", "erp-2"]
    assert uids(deployment, "--until", "1h") == ["old"]
    assert uids(deployment, "--limit", "1") == ["ERP-1"]
    empty = deployment.run("events", "--uid", "nowhere")
    assert (empty.exit_code, empty.stdout) == (
        0,
        "No such events in the local stack.\n",
    )


def test_the_next_attempt_is_shown(deployment, journal):
    subscribe(deployment, "product", "http://127.0.0.1:9/")
    publish(journal, "u1")
    fail(journal, "u1", 3, 38.2)
    shown = re.compile(r"attempt 4 at \d\d:\d\d:\d\d \(in 3[78] s\)")

    [_, row] = deployment.run("events").stdout.splitlines()
    assert "retrying" in row
    assert shown.search(row)
    [*_, now] = deployment.run("trace", "u1").stdout.splitlines()
    assert shown.search(now)
    [fields] = deployment.run_json("events")
    assert (fields["state"], fields["status"], fields["attempt"]) == (
        "retrying",
        503,
        3,
    )
    assert deployment.run_json("trace", "u1")[-1]["attempt"] == 4


def test_events_of_a_paused_entity_are_paused(deployment, journal):
    subscribe(deployment, "order", "")
    publish(journal, "u1", "order")
    fail(journal, "u1", 3, 38)

    [row] = deployment.run_json("events")

    assert row["state"] == "paused"
    assert "next_attempt" not in row


def test_changes_are_followed(deployment, journal):
    publish(journal, "before")
    with CommandProcess(deployment.environment, "events", "--follow") as command:
        assert command.line().startswith("CHANGED (UTC)")
        assert "before" in command.line()
        publish(journal, "after")
        assert "after" in command.line()


def test_events_of_a_deployment_are_read_from_its_logs(deployment, tmp_path):
    """The next attempt follows from the last one and the default backoff."""
    subscribe(deployment, "product", "http://127.0.0.1:9/")
    labels = {"event": EVENT, "entity": "product", "uid": "u1", "message_id": "m1"}
    ended = "2026-10-05T12:00:00Z"
    payloads = [
        ("2026-10-05T11:59:00Z", {"stage": "published", **labels}),
        (ended, {"stage": "outcome", "outcome": "retry", "attempt": 3, **labels}),
    ]
    rows = [{"timestamp": at, "jsonPayload": payload} for at, payload in payloads]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    program = tmp_path / "gcloud"
    program.write_text(f"#!/bin/sh\ncat {tmp_path / 'rows.json'}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    environment = deployment.cloud_environment(PATH=f"{tmp_path}:/usr/bin:/bin")
    runner = CliRunner(env={**environment, "TOPIC_PREFIX": deployment.prefix})

    result = runner.invoke(main, ["events", "--json"])

    [row] = map(json.loads, result.stdout.splitlines())
    assert (row["state"], row["attempt"]) == ("retrying", 3)
    assert row["next_attempt"] == "2026-10-05T12:00:40.000000Z"
    assert runner.invoke(main, ["events", "--follow"]).exit_code == 2
