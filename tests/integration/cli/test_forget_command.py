"""``forget`` removes what ledger, dead letters and journal store about a subject."""

import sqlite3

import pytest

from cli.dead_letter_queue import DeadLetterQueue
from cli.erasure import erase, find_data, parse_id
from cli.leased_messages import LeasedMessages
from cli.pubsub import PubSub
from functions.events import samples
from functions.events.identifiers import watermark_name
from functions.ledger.decisions import Outcome
from local.journal import Journal
from tests.support.cli_deployment import HANDLED

CUSTOMER = samples.value("be-observer.customer_create")
UPDATE = samples.value("be-observer.customer_update")
REJECTED = {"status": 400, "message": "jane@example.com is taken", "final": True}


def jane(value: dict = CUSTOMER, **more) -> dict:
    return {**value, "email": "Jane@Example.com", **more}


@pytest.fixture
def journal(deployment):
    db = sqlite3.connect(deployment.folder / "state.sqlite", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    yield Journal(db)
    db.close()


def uids(deployment) -> list[str]:
    return sorted(
        dead_letter["uid"] for dead_letter in deployment.run_json("dead-letters")
    )


def journal_uids(journal: Journal) -> list[str]:
    """Of its entries, except those that record a deletion."""
    entries = [entry for entry in journal.read() if entry.stage != "forgotten"]
    return [entry.labels["uid"] for entry in entries]


def test_bodies_of_rejected_requests_are_forgotten(deployment, journal):
    for uid in ("u1", "u2"):
        ids = {"component": "request", "message_id": f"r-{uid}"}
        journal.observe("request", body=f'{{"email": "{uid}@Example.com"', **ids)
        journal.observe("received", uid=uid, about=f"{uid}@example.com")

    for subject in (["--id", "customer:u1@example.com"], ["--uid", "unknown"]):
        deployment.run_json("forget", *subject, "--yes")

    kept = [e.labels["message_id"] for e in journal.read() if e.stage == "request"]
    assert kept == ["r-u2"]
    assert [e.labels["uid"] for e in journal.read() if "uid" in e.labels] == [
        "u1",
        "u2",
    ]


def test_a_uid_is_forgotten_in_every_store(deployment, journal):
    deployment.attempt("customer_create", jane(), "u1", **REJECTED)
    deployment.attempt("customer_create", jane(), "u2", **REJECTED)
    deployment.add_rejected("customer_create", jane(), "u1")
    deployment.add_rejected("customer_create", jane(), "u2")
    journal.observe("received", uid="u1")
    journal.observe("outcome", uid="u1", message_id="original-u1")
    journal.observe("received", uid="u2")

    [result] = deployment.run_json("forget", "--uid", "u1", "--yes")

    assert result == {
        "uid": "u1",
        "id": None,
        "result": "forgotten",
        "ledger": 1,
        "in_flight": 0,
        "dead_letters": 1,
        "shared_dead_letters": [],
        "journal": 2,
    }
    assert deployment.store.find("uid", deployment.ledger.hashes.uid("u1")) == []
    assert len(deployment.store.find("uid", deployment.ledger.hashes.uid("u2"))) == 1
    assert uids(deployment) == ["u2"]
    assert journal_uids(journal) == ["u2"]


def test_a_person_is_forgotten_by_id_and_by_email(deployment, journal):
    deployment.attempt("customer_create", jane(), "u1", **HANDLED)
    deployment.attempt("customer_update", jane(UPDATE, id=15), "u2", **HANDLED)
    deployment.attempt("customer_update", {**UPDATE, "id": 16}, "u3", **HANDLED)
    deployment.add_rejected("customer_create", jane(), "u4")
    deployment.add_rejected("customer_update", jane(UPDATE, id=15), "u5")
    deployment.add_rejected("customer_update", {**UPDATE, "id": 16}, "u6")
    journal.observe("received", uid="u1")
    journal.observe("published", uid="u1", message_id="original-u1")
    journal.observe("received", uid="u3")

    results = deployment.run_json(
        "forget", "--id", "customer:15", "--id", "customer:JANE@example.com", "--yes"
    )

    # Each has the record of its event; the update of customer 15 contains the e-mail
    # address.
    assert [
        (t["id"], t["ledger"], t["dead_letters"], t["journal"]) for t in results
    ] == [
        ("customer:15", 1, 1, 0),
        ("customer:jane@example.com", 1, 1, 2),
    ]
    for name in ("customer:15", "customer:jane@example.com"):
        assert (
            deployment.store.find("resources", deployment.ledger.hashes.resource(name))
            == []
        )
        assert deployment.ledger.newest(name) is None
    assert deployment.ledger.newest("customer:16") is not None
    assert uids(deployment) == ["u6"]
    assert journal_uids(journal) == ["u3"]


def test_an_email_is_found_in_an_event_keyed_by_id(deployment):
    deployment.add_rejected("customer_update", jane(UPDATE, id=15), "u1")
    deployment.add_rejected("customer_update", {**UPDATE, "id": 16}, "u2")

    [result] = deployment.run_json(
        "forget", "--id", "customer:jane@example.com", "--yes"
    )

    assert result["dead_letters"] == 1
    assert uids(deployment) == ["u2"]


def test_an_id_is_found_in_any_spelling(deployment):
    value = {**samples.value("be-observer.catalog_product_update"), "sku": "aBc "}
    deployment.attempt("catalog_product_update", value, "u1", **HANDLED)

    [result] = deployment.run_json("forget", "--id", "product:ABC", "--yes")

    assert (result["id"], result["ledger"]) == ("product:abc", 1)
    assert deployment.store.find("uid", deployment.ledger.hashes.uid("u1")) == []


def test_a_watermark_is_found_in_any_spelling(deployment):
    ledger, name = deployment.ledger, watermark_name("aBc ", "Default")
    rows = samples.value("be-observer.catalog_stock_update")
    lease = deployment.attempt("catalog_stock_update", rows, "u1")
    assert ledger.acquire_watermarks(lease, [name]) == ["send"]
    assert ledger.complete(lease, Outcome(200, "done", True), applied=[name])
    assert deployment.store.find("resources", ledger.hashes.resource(name))

    deployment.run_json("forget", "--id", "stock:ABC@default", "--yes")

    assert deployment.store.find("resources", ledger.hashes.resource(name)) == []


def test_of_a_shared_uid_only_the_resource_is_forgotten(deployment):
    deployment.attempt("customer_create", jane(), "same", message_id="m1", **HANDLED)
    deployment.attempt(
        "customer_update", {**UPDATE, "id": 16}, "same", message_id="m2", **HANDLED
    )

    deployment.run_json("forget", "--id", "customer:jane@example.com", "--yes")

    [(_, record)] = deployment.store.find("uid", deployment.ledger.hashes.uid("same"))
    assert [entry["message_id"] for entry in record["finished"]] == ["m2"]
    assert record["resources"] == [deployment.ledger.hashes.resource("customer:16")]


def test_a_dead_letter_of_several_resources_is_kept(deployment):
    rows = [
        {"sku": "A", "source": "default", "quantity": 1, "outOfStock": False},
        {"sku": "B", "source": "default", "quantity": 2, "outOfStock": False},
    ]
    message_id = deployment.add_rejected("catalog_stock_update", rows, "u1")

    [result] = deployment.run_json("forget", "--id", "stock:A", "--yes", status=1)

    assert result["shared_dead_letters"] == [message_id]
    assert deployment.available() == 1


def test_a_record_in_flight_is_kept_and_exits_1(deployment):
    lease = deployment.attempt("customer_create", jane(), "u1")

    [result] = deployment.run_json("forget", "--uid", "u1", "--yes", status=1)

    assert (result["ledger"], result["in_flight"]) == (0, 1)
    assert deployment.ledger.renew(lease)


class Killed(BaseException):
    """As by SIGKILL: nothing handles it."""


class KilledQueue(DeadLetterQueue):
    """Its process is killed before the first dead letter is removed."""

    def discard(self, dead_letters, *, recorded=True):
        raise Killed


def test_a_second_command_completes_a_killed_one(deployment, journal):
    deployment.attempt("customer_create", jane(), "u1", **HANDLED)
    deployment.add_rejected("customer_create", jane(), "u1")
    journal.observe("received", uid="u1")
    journal.observe("published", uid="u1", message_id="original-u1")
    target, subject = deployment.deployment, parse_id("customer:jane@example.com")
    with (
        PubSub(target.pubsub) as pubsub,
        LeasedMessages(pubsub, target.dead_letter_subscription) as messages,
    ):
        queue = KilledQueue(target, pubsub, messages)
        data = find_data(subject, queue)
        with pytest.raises(Killed):
            erase(subject, data, queue)

    [result] = deployment.run_json(
        "forget", "--id", "customer:jane@example.com", "--yes"
    )

    assert (result["ledger"], result["dead_letters"]) == (1, 1)
    assert uids(deployment) == []
    assert deployment.store.find("uid", deployment.ledger.hashes.uid("u1")) == []
    assert journal_uids(journal) == []


def test_a_dry_run_of_forget_removes_nothing(deployment, journal):
    deployment.attempt("customer_create", jane(), "u1", **HANDLED)
    deployment.add_rejected("customer_create", jane(), "u1")
    journal.observe("received", uid="u1")

    [result] = deployment.run_json("forget", "--uid", "u1", "--dry-run")

    assert (
        result["result"],
        result["ledger"],
        result["dead_letters"],
        result["journal"],
    ) == (
        "would forget",
        1,
        1,
        1,
    )
    assert len(deployment.store.find("uid", deployment.ledger.hashes.uid("u1"))) == 1
    assert (deployment.available(), len(journal.read())) == (1, 1)


@pytest.mark.parametrize(
    ("answer", "left"),
    [("y\n", 0), ("n\n", 1), ("", 1)],
    ids=["yes", "no", "end of input"],
)
def test_forget_asks_first(deployment, answer, left):
    deployment.attempt("customer_create", jane(), "u1", **HANDLED)
    deployment.add_rejected("customer_create", jane(), "u1")

    result = deployment.run("forget", "--uid", "u1", input=answer)

    assert result.stdout.startswith(
        "About uid u1, the local stack stores 1 ledger records, 1 dead letters.\n"
        "Remove it for good? [y/N]: "
    )
    assert result.exit_code == left
    assert len(deployment.store.find("uid", deployment.ledger.hashes.uid("u1"))) == left
    assert deployment.available() == left


def test_forget_for_scripts(deployment):
    assert deployment.run("forget").exit_code == 2
    assert deployment.run("forget", "--uid", "u1", "--json").exit_code == 2
    assert deployment.run("forget", "--id", "jane@example.com").exit_code == 2
    [unknown] = deployment.run_json("forget", "--uid", "unknown", "--yes")
    assert (unknown["ledger"], unknown["dead_letters"]) == (0, 0)


def test_forget_without_ledger_exits_2(deployment):
    deployment.write_stack_file(ledger="memory")

    result = deployment.run("forget", "--uid", "u1", "--yes")

    assert result.exit_code == 2
    assert "set LEDGER" in result.stderr
