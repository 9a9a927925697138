"""The state and the order of steps that ``trace`` shows."""

import pytest

from cli.event_list import Filter
from cli.steps import Step, in_order
from functions.events import samples
from local.console.journal_index import JournalIndex
from tests.support.cli_deployment import HANDLED, REJECTED
from tests.support.cli_journal import EVENT, attempt, publish

CREATE = "catalog_product_create"
PRODUCT = samples.value(EVENT)


@pytest.mark.parametrize(
    ("stages", "state"),
    [
        pytest.param([], "waiting", id="published"),
        pytest.param([("attempt", 503, "retry")], "retrying", id="failed"),
        pytest.param([("attempt", 200, "handled")], "handled", id="handled"),
        pytest.param(
            [("attempt", 200, "handled"), ("rejected",)], "handled", id="broken repost"
        ),
        pytest.param(
            [("attempt", 200, "handled"), ("published",)], "waiting", id="repost"
        ),
        pytest.param([("attempt", 404, "duplicate")], "rejected", id="redelivery"),
    ],
)
def test_trace_and_the_consoles_list_show_the_same_state(
    deployment, journal, stages, state
):
    publish(journal)
    for stage, *arguments in stages:
        if stage == "attempt":
            attempt(journal, 1, *arguments)
        elif stage == "published":
            publish(journal, "m2")
        else:
            labels = {"uid": "u1", "event": EVENT, "status": 400}
            journal.observe("published", outcome="rejected", **labels)

    index = JournalIndex(journal)
    index.refresh()
    rows = list(index.events.rows(Filter()))

    assert [row.status for row in rows if row.key == "u1"] == [state]
    assert deployment.run_json("trace", "u1")[-1]["state"] == state


def test_a_replay_is_a_stage_of_its_own(deployment, journal):
    publish(journal)
    attempt(journal, 1, 404, "rejected")
    ids = {"uid": "u1", "message_id": "m2", "event": EVENT}
    journal.observe("published", component="broker", topic="t", replayed="1", **ids)

    stages = [step["stage"] for step in deployment.run_json("trace", "u1")]

    assert stages == ["published", "delivered", "call", "outcome", "replayed", "now"]
    assert "  replayed " in deployment.run("trace", "u1").stdout


def test_a_replay_is_recognised_in_the_ledger(deployment):
    for message_id, result in (("m1", REJECTED), ("m2", HANDLED)):
        ids = {"message_id": message_id, "time": "2026-10-05T12:00:00.000000Z"}
        deployment.attempt(CREATE, PRODUCT, "u1", **ids, **result)

    stages = [step["stage"] for step in deployment.run_json("trace", "u1")]

    assert stages == ["received", "outcome", "replayed", "outcome", "now"]


def test_a_dead_letter_follows_its_rejection_in_order_of_times(deployment):
    """The consumer stores the dead letter before it logs the rejection."""
    ids = {"message_id": "m1"}
    first, second = "2026-10-05T12:00:00.000000Z", "2026-10-05T12:00:00.003000Z"
    ordered = in_order(
        [
            Step(first, "dead-lettered", "dead letters", {"message_id": "d1"}),
            Step(second, "outcome", "journal", {"outcome": "rejected", **ids}),
        ]
    )

    assert [(step.stage, step.at) for step in ordered] == [
        ("outcome", second),
        ("dead-lettered", second),
    ]
