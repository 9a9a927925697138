"""``forget``: what ledger, dead letters and journal hold of somebody is gone."""

import sqlite3

import pytest

from cli.browse import Browse
from cli.dead_letters import Letters
from cli.forget import NoSuchId, forget, held, thing
from cli.pubsub import PubSub
from functions.events import samples
from functions.ledger.ledger import resource_hash, uid_hash
from local.journal import Journal

CUSTOMER = samples.value("be-observer.customer_create")
UPDATE = samples.value("be-observer.customer_update")
DONE = {"status": 200, "message": "Done", "final": True}
REFUSED = {"status": 400, "message": "jane@example.com is taken", "final": True}


def jane(value: dict = CUSTOMER, **more) -> dict:
    return {**value, "email": "Jane@Example.com", **more}


@pytest.fixture
def journal(deployment):
    db = sqlite3.connect(deployment.folder / "state.sqlite", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    yield Journal(db)
    db.close()


def uids(deployment) -> list[str]:
    return sorted(letter["uid"] for letter in deployment.run_json("dead-letters"))


def test_a_uid_is_forgotten_everywhere(deployment, journal):
    deployment.attempt("customer_create", jane(), "u1", **REFUSED)
    deployment.attempt("customer_create", jane(), "u2", **REFUSED)
    deployment.add_rejected("customer_create", jane(), "u1")
    deployment.add_rejected("customer_create", jane(), "u2")
    journal.observe("received", uid="u1")
    journal.observe("outcome", uid="u1", message_id="original-u1")
    journal.observe("received", uid="u2")

    [told] = deployment.run_json("forget", "--uid", "u1", "--yes")

    assert told == {
        "uid": "u1",
        "id": None,
        "result": "forgotten",
        "ledger": 1,
        "in_flight": 0,
        "dead_letters": 1,
        "shared_dead_letters": [],
        "journal": 2,
    }
    assert deployment.store.find("uid", uid_hash("u1")) == []
    assert len(deployment.store.find("uid", uid_hash("u2"))) == 1
    assert uids(deployment) == ["u2"]
    assert [entry.labels["uid"] for entry in journal.read()] == ["u2"]


def test_a_person_is_forgotten_by_id_and_by_email(deployment, journal):
    deployment.attempt("customer_create", jane(), "u1", **DONE)
    deployment.attempt("customer_update", jane(UPDATE, id=15), "u2", **DONE)
    deployment.attempt("customer_update", {**UPDATE, "id": 16}, "u3", **DONE)
    deployment.add_rejected("customer_create", jane(), "u4")
    deployment.add_rejected("customer_update", jane(UPDATE, id=15), "u5")
    deployment.add_rejected("customer_update", {**UPDATE, "id": 16}, "u6")
    journal.observe("received", uid="u1")
    journal.observe("published", uid="u1", message_id="original-u1")
    journal.observe("received", uid="u3")

    told = deployment.run_json(
        "forget", "--id", "customer:15", "--id", "customer:JANE@example.com", "--yes"
    )

    # Each has the event's record and the thing's; the change of 15 holds the e-mail.
    assert [(t["id"], t["ledger"], t["dead_letters"], t["journal"]) for t in told] == [
        ("customer:15", 2, 1, 0),
        ("customer:jane@example.com", 2, 1, 2),
    ]
    for name in ("customer:15", "customer:jane@example.com"):
        assert deployment.store.find("resources", resource_hash(name)) == []
        assert deployment.ledger.newest(name) is None
    assert deployment.ledger.newest("customer:16") is not None
    assert uids(deployment) == ["u6"]
    assert [entry.labels["uid"] for entry in journal.read()] == ["u3"]


def test_an_email_is_found_in_a_letter_that_goes_by_id(deployment):
    deployment.add_rejected("customer_update", jane(UPDATE, id=15), "u1")
    deployment.add_rejected("customer_update", {**UPDATE, "id": 16}, "u2")

    [told] = deployment.run_json("forget", "--id", "customer:jane@example.com", "--yes")

    assert told["dead_letters"] == 1
    assert uids(deployment) == ["u2"]


def test_of_a_uid_for_all_only_what_is_about_the_thing_goes(deployment):
    deployment.attempt("customer_create", jane(), "same", message_id="m1", **DONE)
    deployment.attempt(
        "customer_update", {**UPDATE, "id": 16}, "same", message_id="m2", **DONE
    )

    deployment.run_json("forget", "--id", "customer:jane@example.com", "--yes")

    [(_, record)] = deployment.store.find("uid", uid_hash("same"))
    assert [entry["message"] for entry in record["finished"]] == ["m2"]
    assert record["resources"] == [resource_hash("customer:16")]


def test_a_letter_about_others_as_well_stays_and_is_told(deployment):
    rows = [
        {"sku": "A", "source": "default", "quantity": 1, "outOfStock": False},
        {"sku": "B", "source": "default", "quantity": 2, "outOfStock": False},
    ]
    letter = deployment.add_rejected("catalog_stock_update", rows, "u1")

    [told] = deployment.run_json("forget", "--id", "stock:A", "--yes", status=1)

    assert told["shared_dead_letters"] == [letter]
    assert deployment.available() == 1


def test_what_is_under_way_stays_and_is_exit_1(deployment):
    claim = deployment.attempt("customer_create", jane(), "u1")

    [told] = deployment.run_json("forget", "--uid", "u1", "--yes", status=1)

    assert (told["ledger"], told["in_flight"]) == (0, 1)
    assert deployment.ledger.renew(claim)


class Killed(BaseException):
    """As SIGKILL: nobody gets to do anything more."""


class Dying(Letters):
    """Its process is killed before the first dead letter is removed."""

    def discard(self, letters):
        raise Killed


def test_killed_half_way_a_second_command_finds_what_is_left(deployment, journal):
    deployment.attempt("customer_create", jane(), "u1", **DONE)
    deployment.add_rejected("customer_create", jane(), "u1")
    journal.observe("received", uid="u1")
    journal.observe("published", uid="u1", message_id="original-u1")
    where, subject = deployment.deployment, thing("customer:jane@example.com")
    with (
        PubSub(where.pubsub) as pubsub,
        Browse(pubsub, where.dead_letters) as browse,
    ):
        letters = Dying(where, pubsub, browse)
        what = held(subject, letters)
        with pytest.raises(Killed):
            forget(subject, what, letters)

    [told] = deployment.run_json("forget", "--id", "customer:jane@example.com", "--yes")

    assert (told["ledger"], told["dead_letters"]) == (2, 1)
    assert uids(deployment) == []
    assert deployment.store.find("uid", uid_hash("u1")) == []
    assert journal.read() == []


def test_a_dry_run_only_tells(deployment, journal):
    deployment.attempt("customer_create", jane(), "u1", **DONE)
    deployment.add_rejected("customer_create", jane(), "u1")
    journal.observe("received", uid="u1")

    [told] = deployment.run_json("forget", "--uid", "u1", "--dry-run")

    assert (told["result"], told["ledger"], told["dead_letters"], told["journal"]) == (
        "would forget",
        1,
        1,
        1,
    )
    assert len(deployment.store.find("uid", uid_hash("u1"))) == 1
    assert (deployment.available(), len(journal.read())) == (1, 1)


@pytest.mark.parametrize(
    ("answer", "left"), [("y\n", 0), ("n\n", 1), ("", 1)], ids=["yes", "no", "nobody"]
)
def test_it_asks_first(deployment, answer, left):
    deployment.attempt("customer_create", jane(), "u1", **DONE)
    deployment.add_rejected("customer_create", jane(), "u1")

    result = deployment.run("forget", "--uid", "u1", input=answer)

    assert result.stdout.startswith(
        "Of uid u1, the local stack holds 1 ledger records, 1 dead letters.\n"
        "Remove it for good? [y/N]: "
    )
    assert result.exit_code == left
    assert len(deployment.store.find("uid", uid_hash("u1"))) == left
    assert deployment.available() == left


def test_for_scripts(deployment):
    assert deployment.run("forget").exit_code == 2
    assert deployment.run("forget", "--uid", "u1", "--json").exit_code == 2
    assert deployment.run("forget", "--id", "jane@example.com").exit_code == 2
    nobody = deployment.run_json("forget", "--uid", "nobody", "--yes")
    assert (nobody[0]["ledger"], nobody[0]["dead_letters"]) == (0, 0)


def test_without_ledger_it_does_not_pretend(deployment):
    deployment.write_stack_file(ledger="memory")

    result = deployment.run("forget", "--uid", "u1", "--yes")

    assert result.exit_code == 2
    assert "set LEDGER" in result.stderr


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("customer:15", "customer:15"),
        ("customer:Jane@Example.com", "customer:jane@example.com"),
        ("product:Abc:1", "product:Abc:1"),
        ("stock:A@default", "stock:A@default"),
    ],
)
def test_an_id_is_written_as_events_name_it(text, expected):
    assert thing(text).resource == expected


@pytest.mark.parametrize("text", ["", "15", "customer:", "unicorn:1", ":1"])
def test_what_is_no_id_is_told(text):
    with pytest.raises(NoSuchId):
        thing(text)
