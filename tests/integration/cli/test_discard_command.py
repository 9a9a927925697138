"""``discard`` removes dead letters for good, and only after confirmation."""

import sqlite3

import pytest

from functions.events import samples
from local.journal import Journal
from tests.support.cli_journal import publish

CREATE = "catalog_product_create"
UPDATE_ORDER = "sales_order_status_update"
PRODUCT = samples.value(f"be-observer.{CREATE}")
ORDER = samples.value(f"be-observer.{UPDATE_ORDER}")


@pytest.mark.parametrize("answer", ["n\n", ""], ids=["no", "end of input"])
def test_discard_without_a_yes_removes_nothing(deployment, answer):
    deployment.add_rejected(CREATE, PRODUCT, "u1")

    result = deployment.run("discard", "--all", input=answer)

    assert result.exit_code == 1
    assert deployment.available() == 1


def test_discard_for_scripts(deployment):
    message_id = deployment.add_rejected(CREATE, PRODUCT, "u1")

    assert deployment.run("discard", message_id, "--json").exit_code == 2
    assert deployment.run("discard").exit_code == 2
    [dry_run] = deployment.run_json("discard", message_id, "--dry-run")
    assert (dry_run["result"], deployment.available()) == ("would discard", 1)
    [discarded] = deployment.run_json("discard", message_id, "--yes")
    assert (discarded["result"], discarded["message_id"]) == ("discarded", message_id)
    assert deployment.available() == 0
    assert deployment.run_json("discard", message_id, "--yes", status=1) == []


@pytest.mark.parametrize("origin", ["consumer", "pubsub"])
def test_a_discarded_event_is_shown_as_discarded(deployment, origin):
    db = sqlite3.connect(deployment.folder / "state.sqlite", isolation_level=None)
    journal = Journal(db)
    publish(journal, "original-u1")
    ids = {"uid": "u1", "message_id": "original-u1", "attempt": 1}
    if origin == "consumer":
        deployment.add_rejected(CREATE, PRODUCT, "u1")
        journal.observe("outcome", outcome="rejected", status=400, **ids)
    else:
        deployment.add_exhausted(CREATE, PRODUCT, "u1")
        journal.observe("outcome", outcome="retry", status=503, **ids)
        journal.observe("exhausted", component="broker", **ids)
    [before] = deployment.run_json("events")

    deployment.run_json("discard", "--uid", "u1", "--yes")

    *_, step, now = deployment.run_json("trace", "u1")
    assert (step["stage"], now["state"]) == ("discarded", "discarded")
    assert "  discarded" in deployment.run("trace", "u1").stdout
    [row] = deployment.run_json("events", "--state", "discarded")
    states = {"consumer": "rejected", "pubsub": "exhausted"}
    assert (before["state"], row["uid"]) == (states[origin], "u1")
    db.close()
