"""``trace`` shows an event's history: from journal, ledger, dead letters and logs."""

import json
import shlex
import stat

import pytest
from google.pubsub_v1.types import PushConfig

from functions.events import samples
from tests.support.cli_deployment import (
    HANDLED,
    PROJECT,
    REJECTED,
    UNAVAILABLE,
    CliDeployment,
)
from tests.support.cli_journal import attempt, publish

CREATE = "catalog_product_create"
EVENT = f"be-observer.{CREATE}"
PRODUCT = samples.value(EVENT)


def steps(deployment: CliDeployment, uid: str = "u1") -> list[tuple]:
    """Stage, place of record, status and message of each step."""
    return [
        (s["stage"], s.get("recorded_in"), s.get("status"), s.get("message"))
        for s in deployment.run_json("trace", uid)
    ]


def test_each_step_is_shown_once(deployment, journal):
    publish(journal)
    attempt(journal, 1, 503, "retry")
    attempt(journal, 2, 200, "handled")
    journal.observe("published", event=EVENT, uid="another", message_id="m9")
    deployment.attempt(CREATE, PRODUCT, "u1", message_id="m1", **UNAVAILABLE)
    deployment.attempt(CREATE, PRODUCT, "u1", message_id="m1", **HANDLED)

    assert steps(deployment) == [
        ("published", "journal", None, None),
        ("delivered", "journal", None, None),
        ("call", "journal", 503, None),
        ("outcome", "journal", 503, None),
        ("delivered", "journal", None, None),
        ("call", "journal", 200, None),
        ("outcome", "journal", 200, "Product created"),
        ("now", None, 200, "Product created"),
    ]


def test_entries_that_are_read_late_are_in_order(deployment, journal):
    """An entry of ingest may be read after the broker's; times may be equal."""
    ids = {"uid": "u1", "message_id": "m1"}
    call = {"method": "POST", "route": "products", "status": 200, "ms": 0.0}
    journal.observe("published", component="broker", at=1000.0, topic="t", **ids)
    journal.observe(
        "outcome", at=1000.0, attempt=1, outcome="handled", calls=[call], **ids
    )
    journal.observe("delivered", component="broker", at=1000.0, attempt=1, **ids)
    journal.observe("received", at=999.5, event=EVENT, uid="u1")

    assert [stage for stage, *_ in steps(deployment)][:-1] == [
        "received",
        "published",
        "delivered",
        "call",
        "outcome",
    ]


def test_a_line_for_each_step_is_printed(deployment, journal):
    publish(journal)
    attempt(journal, 1, 200, "handled")
    deployment.attempt(CREATE, PRODUCT, "u1", message_id="m1", **HANDLED)

    assert deployment.run("trace", "u1").stdout.splitlines() == [
        "u1 in the local stack",
        f"2027-01-15 08:00:00.000  published              {EVENT}  message m1"
        "  caller=erp",
        "2027-01-15 08:00:02.000  attempt 1              message m1",
        "2027-01-15 08:00:03.000  call                   POST products  200  1.2 ms"
        "  message m1",
        "2027-01-15 08:00:03.000  handled                200  Product created  1.5 ms"
        "  message m1",
        "now: handled 200 Product created",
    ]


def test_an_attempt_without_a_consumer_is_shown(deployment, journal):
    labels = {"uid": "u1", "message_id": "m1", "attempt": 1, "component": "broker"}
    journal.observe("delivered", **labels)
    journal.observe("answered", error="ClientConnectorError", **labels)

    delivered, now = deployment.run_json("trace", "u1")

    assert (delivered["stage"], delivered["error"]) == (
        "delivered",
        "ClientConnectorError",
    )
    assert now["state"] == "retrying"


def test_a_request_that_ingest_rejected_is_shown(deployment, journal):
    labels = {"outcome": "rejected", "status": 400, "fields": ["data.value.sku"]}
    journal.observe("published", message="event rejected", uid="u1", **labels)

    published, now = deployment.run_json("trace", "u1")

    assert published.items() >= {"stage": "published", **labels}.items()
    assert (now["state"], now["status"]) == ("rejected", 400)
    assert "data.value.sku" in deployment.run("trace", "u1").stdout

    publish(journal)
    assert deployment.run_json("trace", "u1")[-1]["state"] == "waiting"


def test_the_journal_is_not_changed(deployment, journal):
    publish(journal)
    before = (deployment.folder / "state.sqlite").read_bytes()

    assert steps(deployment)[0][0] == "published"

    assert (deployment.folder / "state.sqlite").read_bytes() == before


@pytest.mark.parametrize(
    ("outcome", "stage", "expected"),
    [
        ({}, "delivered", ("in flight", None, "")),
        (UNAVAILABLE, "delivered", ("retrying", 503, "Commerce is down")),
        (HANDLED, "outcome", ("handled", 200, "Product created")),
        (REJECTED, "outcome", ("rejected", 400, "SKU is taken")),
    ],
    ids=["in flight", "retrying", "handled", "rejected"],
)
def test_the_ledger_alone_has_a_history(deployment, outcome, stage, expected):
    time = "2026-10-05T12:00:00.000000Z"
    deployment.attempt(CREATE, PRODUCT, "u1", time=time, **outcome)

    received, last, now = deployment.run_json("trace", "u1")

    assert received == {
        "at": "2026-10-05T12:00:00.000000Z",
        "stage": "received",
        "recorded_in": "ledger",
        "event": EVENT,
        "entity": "product",
        "message_id": "original-u1",
    }
    assert last["stage"] == stage
    assert (now["state"], now["status"], now["message"]) == expected


def test_the_newest_message_is_the_current_state(deployment):
    """An event that was rejected, replayed, and then handled."""
    deployment.attempt(CREATE, PRODUCT, "u1", message_id="m1", **REJECTED)
    deployment.attempt(CREATE, PRODUCT, "u1", message_id="m2", **HANDLED)

    history = deployment.run_json("trace", "u1")

    outcomes = [step["outcome"] for step in history if step["stage"] == "outcome"]
    assert outcomes == ["rejected", "handled"]
    assert history[-1]["state"] == "handled"


def test_a_dead_letter_is_part_of_the_history(deployment):
    message_id = deployment.add_rejected(
        CREATE, {**PRODUCT, "price": -1}, "u1", reason="Invalid value"
    )
    deployment.add_rejected(CREATE, PRODUCT, "another")

    step, now = deployment.run_json("trace", "u1")

    assert (step["stage"], step["message"], step["attempt"]) == (
        "dead-lettered",
        "Invalid value",
        2,
    )
    assert (now["state"], now["dead_letters"]) == ("rejected", [message_id])
    text = deployment.run("trace", "u1").stdout
    assert f"make dead-letters ARGS='--show {message_id}'" in text
    assert deployment.available() == 2
    assert deployment.run("trace", "u1", "--no-dead-letters").exit_code == 1


def test_a_dead_letter_follows_its_rejection(deployment, journal):
    """It is stored first, and the rejection is logged later."""
    message_id = deployment.add_rejected(CREATE, PRODUCT, "u1", reason="No")
    publish(journal)
    attempt(journal, 1, 400, "rejected")
    deployment.add_rejected(CREATE, PRODUCT, "u1", reason="No again")

    history = deployment.run_json("trace", "u1")

    stages = [step["stage"] for step in history]
    last = stages.index("outcome")
    assert stages[last + 1 :] == ["dead-lettered", "dead-lettered", "now"]
    assert history[last + 1]["message_id"] == message_id


def test_an_exhausted_event_stays_so_when_discarded(deployment, journal):
    publish(journal)
    attempt(journal, 1, 503, "retry")
    deployment.attempt(CREATE, PRODUCT, "u1", message_id="m1", **UNAVAILABLE)
    journal.observe("exhausted", component="broker", uid="u1", message_id="m1")
    message_id = deployment.add_exhausted(CREATE, PRODUCT, "u1")
    labels = {"component": "broker", "uid": "u1", "message_id": message_id}
    journal.observe("published", topic=deployment.topic("dead-letters"), **labels)

    with_dead_letter = deployment.run_json("trace", "u1")
    deployment.run_json("discard", message_id, "--yes")
    without = deployment.run_json("trace", "u1")

    for history in (with_dead_letter, without):
        assert [step["stage"] for step in history][-3:-1] == [
            "exhausted",
            "dead-lettered",
        ]
        now = history[-1]
        assert (now["state"], now["status"], now["message"]) == (
            "exhausted",
            503,
            "Commerce is down",
        )


def test_a_dead_letter_of_pubsub_means_exhausted(deployment):
    deployment.attempt(CREATE, PRODUCT, "u1", **UNAVAILABLE)
    deployment.add_exhausted(CREATE, PRODUCT, "u1")
    deployment.add_exhausted(CREATE, PRODUCT, "u2")

    assert deployment.run_json("trace", "u1")[-1]["state"] == "exhausted"
    assert deployment.run_json("trace", "u2")[-1]["state"] == "exhausted"


def test_a_replayed_event_is_waiting_again(deployment, journal):
    publish(journal)
    attempt(journal, 1, 400, "rejected")
    publish(journal, "m2")

    assert deployment.run_json("trace", "u1")[-1]["state"] == "waiting"


def test_a_pending_event_of_a_paused_entity_is_paused(deployment):
    config = PushConfig(push_endpoint="http://127.0.0.1:9/")
    deployment.subscribe("product", "product", push_config=config)
    deployment.attempt(CREATE, PRODUCT, "u1", **UNAVAILABLE)

    before = deployment.run_json("trace", "u1")[-1]["state"]
    deployment.run_json("pause", "product")
    paused = deployment.run_json("trace", "u1")[-1]["state"]

    assert (before, paused) == ("retrying", "paused")


def test_an_unknown_uid_exits_1(deployment):
    result = deployment.run("trace", "u1")

    assert (result.exit_code, result.stdout, result.stderr) == (
        1,
        "",
        "Nothing is known of u1 in the local stack: check the uid; an event that ingest"
        " rejected within a batch has no history\n",
    )


def test_a_uid_cannot_control_the_terminal(deployment):
    uid = "\x1b[31mred\nline"
    deployment.attempt(CREATE, PRODUCT, uid, **HANDLED)

    text = deployment.run("trace", uid).stdout

    assert "\x1b" not in text
    assert len(text.splitlines()) == 4


def test_in_the_cloud_the_query_of_the_logs_is_printed(deployment):
    deployment.attempt(CREATE, PRODUCT, 'o"1', **HANDLED)

    result = deployment.run("trace", 'o"1', env=deployment.cloud_environment())

    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "now: handled 200 Product created"
    assert shlex.split(result.stderr.splitlines()[-1]) == [
        "gcloud",
        "logging",
        "read",
        'resource.type="cloud_run_revision" AND jsonPayload.uid="o\\"1"',
        "--project",
        PROJECT,
        "--order",
        "asc",
        "--freshness",
        "30d",
        "--format",
        "json",
    ]


def with_gcloud(folder, script: str) -> dict[str, str]:
    """Variables with a ``gcloud`` that runs *script*."""
    program = folder / "gcloud"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def test_logs_are_read_with_gcloud(deployment, tmp_path):
    labels = {"event": EVENT, "uid": "u1", "message_id": "original-u1", "attempt": 1}
    entries = [
        {
            "timestamp": "2026-10-05T12:00:02.5Z",
            "jsonPayload": {
                **labels,
                "stage": "outcome",
                "message": "event handled",
                "outcome": "handled",
                "status": 200,
                "ms": 500,
            },
        },
        {"timestamp": "2026-10-05T12:00:03Z", "textPayload": "something else"},
    ]
    (tmp_path / "entries.json").write_text(json.dumps(entries))
    script = f'echo "$@" > {tmp_path}/arguments; cat {tmp_path}/entries.json'
    environment = deployment.cloud_environment(**with_gcloud(tmp_path, script))
    deployment.attempt(CREATE, PRODUCT, "u1", **HANDLED)

    result = deployment.run("trace", "u1", "--logs", "--json", env=environment)

    history = [json.loads(text) for text in result.stdout.splitlines()]
    shown = [(s["stage"], s.get("recorded_in"), s.get("at")) for s in history]
    assert shown[:2] == [
        ("delivered", "logs", "2026-10-05T12:00:02.000000Z"),
        ("outcome", "logs", "2026-10-05T12:00:02.500000Z"),
    ]
    assert [stage for stage, *_ in shown[2:]] == ["received", "now"]
    assert history[1]["message"] == "Product created"
    assert 'jsonPayload.uid="u1"' in (tmp_path / "arguments").read_text()


def test_a_failing_gcloud_exits_3(deployment, tmp_path):
    script = "echo 'ERROR: authenticate first' >&2; exit 1"
    environment = deployment.cloud_environment(**with_gcloud(tmp_path, script))

    result = deployment.run("trace", "u1", "--logs", env=environment)

    assert (result.exit_code, result.stderr) == (
        3,
        "Error: gcloud failed: ERROR: authenticate first\n",
    )


def test_logs_are_not_for_the_local_stack(deployment):
    assert deployment.run("trace", "u1", "--logs").exit_code == 2
