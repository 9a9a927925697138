"""``trace``: an event's life, from journal, ledger, dead letters and logs."""

import json
import shlex
import sqlite3
import stat

import pytest

from functions.events import samples
from local.journal import Journal
from tests.cli.deployment import PROJECT, Deployment

PRODUCT = samples.value("be-observer.catalog_product_create")
EVENT = "be-observer.catalog_product_create"
CREATED = {"status": 200, "answer": "Product created", "final": True}
AWAY = {"status": 503, "answer": "Commerce is away", "final": False}


@pytest.fixture
def journal(deployment):
    """The stack's list of what happened; each line a second after the one before."""
    db = sqlite3.connect(deployment.folder / "state.sqlite", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    seconds = iter(range(1_800_000_000, 1_800_001_000))
    yield Journal(db, clock=lambda: float(next(seconds)))
    db.close()


def life(deployment: Deployment, uid: str = "u1", *options: str) -> list[tuple]:
    """Stage, who tells, status and answer of each step."""
    return [
        (s["stage"], s.get("told_by"), s.get("status"), s.get("answer"))
        for s in deployment.told("trace", uid, *options)
    ]


def pushed(journal: Journal, attempt: int, status: int, outcome: str) -> None:
    """One try, as broker and consumer tell of it."""
    labels = {"event": EVENT, "uid": "u1", "message_id": "m1", "attempt": attempt}
    journal.observe("pushed", room="broker", **labels)
    journal.observe("attempt", message="delivered", **labels)
    journal.observe("call", message="POST products", status=status, **labels)
    journal.observe("outcome", outcome=outcome, status=status, ms=1.5, **labels)
    journal.observe("answered", room="broker", status=status, **labels)


def test_every_stage_is_told_once_with_each_answer(deployment, journal):
    journal.observe("received", event=EVENT, uid="u1")
    journal.observe("published", room="broker", uid="u1", message_id="m1", topic="t")
    journal.observe("published", event=EVENT, uid="u1", message_id="m1")
    pushed(journal, 1, 503, "retry")
    pushed(journal, 2, 200, "handled")
    journal.observe("received", event=EVENT, uid="another")
    deployment.tried("catalog_product_create", PRODUCT, "u1", message_id="m1", **AWAY)
    deployment.tried(
        "catalog_product_create", PRODUCT, "u1", message_id="m1", **CREATED
    )

    assert life(deployment) == [
        ("received", "journal", None, None),
        ("published", "journal", None, None),
        ("attempt", "journal", None, None),
        ("call", "journal", 503, None),
        ("outcome", "journal", 503, None),
        ("attempt", "journal", None, None),
        ("call", "journal", 200, None),
        ("outcome", "journal", 200, "Product created"),
        ("now", None, 200, "Product created"),
    ]


def test_what_is_told_late_stands_where_it_happened(deployment, journal):
    """Ingest's words are read after the broker's; moments may be the same."""
    published = {"uid": "u1", "message_id": "m1"}
    journal.observe("published", room="broker", at=1000.0, topic="t", **published)
    journal.observe("received", at=999.5, event=EVENT, uid="u1")
    journal.observe("attempt", at=1000.0, attempt=1, **published)
    journal.observe("call", at=1000.0, attempt=1, status=200, **published)

    assert [stage for stage, *_ in life(deployment)][:-1] == [
        "received",
        "published",
        "attempt",
        "call",
    ]


def test_people_read_a_line_for_each(deployment, journal):
    journal.observe("received", event=EVENT, uid="u1")
    pushed(journal, 1, 200, "handled")
    deployment.tried(
        "catalog_product_create", PRODUCT, "u1", message_id="m1", **CREATED
    )

    assert deployment.run("trace", "u1").stdout.splitlines() == [
        "u1 in the local stack",
        f"2027-01-15 08:00:00.000  received               {EVENT}",
        "2027-01-15 08:00:02.000  attempt 1              message m1",
        "2027-01-15 08:00:03.000  call                   POST products  200"
        "  message m1",
        "2027-01-15 08:00:04.000  handled                200  Product created  1.5 ms"
        "  message m1",
        "now: handled 200 Product created",
    ]


def test_a_push_that_no_consumer_told_of_is_a_try_as_well(deployment, journal):
    labels = {"uid": "u1", "message_id": "m1", "attempt": 1, "room": "broker"}
    journal.observe("pushed", **labels)
    journal.observe("answered", error="ConnectionRefusedError", **labels)

    told = deployment.told("trace", "u1")

    assert [(step["stage"], step.get("error")) for step in told] == [
        ("attempt", "ConnectionRefusedError"),
        ("now", None),
    ]
    assert told[-1]["state"] == "waiting"


def test_what_ingest_refused_is_told_with_the_fields_at_fault(deployment, journal):
    wrong = {"outcome": "rejected", "status": 400, "fields": ["data.value.sku"]}
    journal.observe("received", message="request refused", uid="u1", **wrong)

    received, now = deployment.told("trace", "u1")

    assert received.items() >= {"stage": "received", **wrong}.items()
    assert (now["state"], now["status"]) == ("rejected", 400)
    assert "data.value.sku" in deployment.run("trace", "u1").stdout

    journal.observe("received", event=EVENT, uid="u1")
    assert deployment.told("trace", "u1")[-1]["state"] == "waiting"


def test_the_journal_is_only_read(deployment, journal):
    journal.observe("received", event=EVENT, uid="u1")
    before = (deployment.folder / "state.sqlite").read_bytes()

    assert life(deployment)[0][0] == "received"

    assert (deployment.folder / "state.sqlite").read_bytes() == before


@pytest.mark.parametrize(
    ("tried", "expected"),
    [
        pytest.param({}, ("under way", None, ""), id="under way"),
        pytest.param(AWAY, ("retrying", 503, "Commerce is away"), id="retrying"),
        pytest.param(CREATED, ("handled", 200, "Product created"), id="handled"),
        pytest.param(
            {"status": 400, "answer": "No", "final": True},
            ("rejected", 400, "No"),
            id="rejected",
        ),
    ],
)
def test_without_a_journal_the_ledger_tells(deployment, tried, expected):
    deployment.tried(
        "catalog_product_create",
        PRODUCT,
        "u1",
        time="2026-10-05T12:00:00.000000Z",
        **tried,
    )

    received, last, now = deployment.told("trace", "u1")

    assert received == {
        "at": "2026-10-05T12:00:00.000000Z",
        "stage": "received",
        "told_by": "ledger",
        "event": EVENT,
        "entity": "product",
        "message_id": "original-u1",
    }
    assert last["stage"] == ("outcome" if tried.get("final") else "attempt")
    assert (now["state"], now["status"], now["answer"]) == expected


def test_the_newest_message_says_how_it_stands(deployment):
    """A refusal that was replayed, and then handled."""
    deployment.tried(
        "catalog_product_create",
        PRODUCT,
        "u1",
        message_id="m1",
        status=400,
        answer="No",
        final=True,
    )
    deployment.tried(
        "catalog_product_create", PRODUCT, "u1", message_id="m2", **CREATED
    )

    told = deployment.told("trace", "u1")

    outcomes = [step["outcome"] for step in told if step["stage"] == "outcome"]
    assert outcomes == ["rejected", "handled"]
    assert told[-1]["state"] == "handled"


def test_a_dead_letter_is_part_of_the_life(deployment):
    letter = deployment.refused(
        "catalog_product_create", {**PRODUCT, "price": -1}, "u1", reason="Invalid value"
    )
    deployment.refused("catalog_product_create", PRODUCT, "another")

    told = deployment.told("trace", "u1")

    assert [(s["stage"], s.get("answer"), s.get("attempt")) for s in told[:-1]] == [
        ("dead-lettered", "Invalid value", 2)
    ]
    assert told[-1]["state"] == "rejected"
    assert told[-1]["dead_letters"] == [letter]
    shown = deployment.run("trace", "u1").stdout
    assert f"dead letter {letter} waits" in shown
    assert deployment.waiting() == 2
    assert deployment.run("trace", "u1", "--no-dead-letters").exit_code == 1


def test_a_dead_letter_stands_behind_the_refusal(deployment, journal):
    """Though it is stored first, and the refusal is read of later."""
    letter = deployment.refused("catalog_product_create", PRODUCT, "u1", reason="No")
    journal.observe("received", event=EVENT, uid="u1")
    pushed(journal, 1, 400, "rejected")
    deployment.refused("catalog_product_create", PRODUCT, "u1", reason="No again")

    told = deployment.told("trace", "u1")

    stages = [step["stage"] for step in told]
    last = stages.index("outcome")
    assert stages[last + 1 :] == ["dead-lettered", "dead-lettered", "now"]
    assert told[last + 1]["message_id"] == letter


def test_what_ran_out_of_tries_is_told_so_also_when_its_letter_is_gone(
    deployment, journal
):
    journal.observe("received", event=EVENT, uid="u1")
    pushed(journal, 1, 503, "retry")
    deployment.tried("catalog_product_create", PRODUCT, "u1", message_id="m1", **AWAY)
    journal.observe("dead-lettered", room="broker", uid="u1", message_id="m1")
    letter = deployment.out_of_tries("catalog_product_create", PRODUCT, "u1")
    dead = deployment.topic("dead-letters")
    lies = {"room": "broker", "uid": "u1", "topic": dead}
    journal.observe("published", message_id=letter, **lies)

    with_letter = deployment.told("trace", "u1")
    deployment.told("discard", letter, "--yes")
    without = deployment.told("trace", "u1")

    for told in (with_letter, without):
        assert [step["stage"] for step in told][-3:-1] == [
            "out of tries",
            "dead-lettered",
        ]
        assert (told[-1]["state"], told[-1]["status"], told[-1]["answer"]) == (
            "out of tries",
            503,
            "Commerce is away",
        )


def test_without_a_journal_the_letter_says_that_it_is_out_of_tries(deployment):
    deployment.tried("catalog_product_create", PRODUCT, "u1", **AWAY)
    deployment.out_of_tries("catalog_product_create", PRODUCT, "u1")
    deployment.out_of_tries("catalog_product_create", PRODUCT, "u2")

    assert deployment.told("trace", "u1")[-1]["state"] == "out of tries"
    assert deployment.told("trace", "u2")[-1]["state"] == "out of tries"


def test_a_replay_that_waits_is_waiting_again(deployment, journal):
    journal.observe("received", event=EVENT, uid="u1")
    journal.observe("published", room="broker", uid="u1", message_id="m1", topic="t")
    pushed(journal, 1, 400, "rejected")
    journal.observe("published", room="broker", uid="u1", message_id="m2", topic="t")

    assert deployment.told("trace", "u1")[-1]["state"] == "waiting"


def test_what_nobody_knows_is_exit_1(deployment):
    result = deployment.run("trace", "u1")

    assert (result.exit_code, result.stdout, result.stderr) == (
        1,
        "",
        "Nothing is known of u1 in the local stack\n",
    )


def test_a_strangers_uid_cannot_command_the_terminal(deployment):
    uid = "\x1b[31mred\nline"
    deployment.tried("catalog_product_create", PRODUCT, uid, **CREATED)

    shown = deployment.run("trace", uid).stdout

    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 4


# In the cloud


def deployed(deployment: Deployment, **more: str) -> dict[str, str]:
    """An environment in which the same broker is a project's Pub/Sub."""
    nothing = deployment.folder / "nothing"
    return {
        "LOCAL_STATE": str(nothing),
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "PUBSUB_EMULATOR_HOST": deployment.api.address,
        "LEDGER": f"sqlite:{deployment.folder / 'ledger.sqlite'}",
        **more,
    }


def test_in_the_cloud_the_ledger_tells_and_the_query_is_said(deployment):
    deployment.tried("catalog_product_create", PRODUCT, 'o"1', **CREATED)

    result = deployment.run("trace", 'o"1', env=deployed(deployment))

    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "now: handled 200 Product created"
    command = shlex.split(result.stderr.splitlines()[-1])
    assert command == [
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


def gcloud(folder, script: str) -> dict[str, str]:
    """A ``gcloud`` that runs *script*, first on the path."""
    program = folder / "gcloud"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def test_logs_are_read_through_gcloud(deployment, tmp_path):
    line = {"event": EVENT, "uid": "u1", "message_id": "original-u1", "attempt": 1}
    entries = [
        {
            "timestamp": "2026-10-05T12:00:01Z",
            "jsonPayload": {**line, "stage": "attempt", "message": "delivered"},
        },
        {
            "timestamp": "2026-10-05T12:00:02.5Z",
            "jsonPayload": {
                **line,
                "stage": "outcome",
                "outcome": "handled",
                "status": 200,
            },
        },
        {"timestamp": "2026-10-05T12:00:03Z", "textPayload": "something else"},
    ]
    (tmp_path / "entries.json").write_text(json.dumps(entries))
    path = gcloud(
        tmp_path, f'echo "$@" > {tmp_path}/asked; cat {tmp_path}/entries.json'
    )
    deployment.tried("catalog_product_create", PRODUCT, "u1", **CREATED)

    result = deployment.run(
        "trace", "u1", "--logs", "--json", env=deployed(deployment, **path)
    )

    told = [json.loads(text) for text in result.stdout.splitlines()]
    assert [(step["stage"], step.get("told_by")) for step in told] == [
        ("attempt", "logs"),
        ("outcome", "logs"),
        ("now", None),
    ]
    assert told[1]["answer"] == "Product created"
    assert 'jsonPayload.uid="u1"' in (tmp_path / "asked").read_text()


def test_a_gcloud_that_fails_is_exit_3(deployment, tmp_path):
    path = gcloud(tmp_path, "echo 'ERROR: sign in first' >&2; exit 1")

    result = deployment.run("trace", "u1", "--logs", env=deployed(deployment, **path))

    assert (result.exit_code, result.stderr) == (
        3,
        "Error: gcloud failed: ERROR: sign in first\n",
    )


def test_logs_are_not_for_the_local_stack(deployment):
    assert deployment.run("trace", "u1", "--logs").exit_code == 2
