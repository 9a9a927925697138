"""What an earlier version left is finished by the code as it is.

``tests/data`` keeps, of each version, a ledger with a message in every state, a message
of every event, and dead letters. Each is finished as it was kept, and once more as a
later version might have written it: with more in it than anybody here knows of.
"""

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
import requests

from cli.dead_letters import as_published
from cli.letters import Reader
from cli.pubsub import ReceivedMessage
from cli.where import Where
from functions.events import catalog
from functions.ledger import rules
from functions.ledger.record import VERSION
from functions.ledger.sqlite import SqliteStore
from functions.pubsub.address import Endpoint
from tests import serving
from tests.data import keep
from tests.local.commerce.opened import Opened

VERSIONS = sorted(
    path for path in keep.HERE.iterdir() if (path / "ledger.sql").exists()
)
AS_KEPT, AS_NEXT = "as-kept", "as-a-later-version-might"
MORE = {"next": {"deep": [1, None]}}


def kept(version: Path, name: str):
    return json.loads((version / f"{name}.json").read_text())


class Left:
    """What a version left, and a consumer of this one that finds it.

    Attributes:
        later: whether it is as a later version might write it.
    """

    def __init__(self, version: Path, later: bool, folder: Path, shop: Opened) -> None:
        self.version = version
        self.later = later
        self.ledger = folder / "ledger.sqlite"
        self.shop = shop
        with closing(sqlite3.connect(self.ledger)) as db:
            db.executescript((version / "ledger.sql").read_text())
            if later:
                db.execute("ALTER TABLE ledger ADD COLUMN next TEXT")
                db.execute("ALTER TABLE ledger_things ADD COLUMN next TEXT")
                for key, text in db.execute(
                    "SELECT key, record FROM ledger"
                ).fetchall():
                    record = json.dumps(with_more(json.loads(text)))
                    change = "UPDATE ledger SET record = ? WHERE key = ?"
                    db.execute(change, (record, key))
                db.commit()

    def states(self) -> dict[str, str]:
        """The state of each kept message, by its name."""
        with closing(sqlite3.connect(self.ledger)) as db:
            rows = db.execute("SELECT record FROM ledger").fetchall()
        found = {}
        for (row,) in rows:
            record = json.loads(row)
            entries = list(record.get("open", {}).items())
            entries += [(e["message"], e) for e in record.get("finished", [])]
            for name, entry in entries:
                found[name.removeprefix("m-")] = rules.state(entry, time.time())
        return found

    def deliver(self, push: dict) -> tuple[int, dict]:
        """Status and body of a kept push's redelivery."""
        body = keep.in_base64(push)
        if self.later:
            attributes = {**body["message"]["attributes"], "ce-next": "x", "next": "y"}
            message = {**body["message"], "attributes": attributes, **MORE}
            body = {**body, "message": message, **MORE}
        said = requests.post(self.url, json=body, timeout=30)
        return said.status_code, said.json()

    def direct(self, event: str, value) -> None:
        """Have it done without any ledger."""
        body = {"type": event, "data": value}
        assert requests.post(self.url, json=body, timeout=30).status_code == 200


def with_more(record: dict) -> dict:
    """*record* of a later version, which knows more of everything."""
    entries = [*record.get("open", {}).values(), *record.get("finished", [])]
    for entry in filter(None, [*entries, record.get("claim")]):
        entry.update(MORE)
        # It may well see values otherwise, with a field more, say.
        if "fingerprint" in entry:
            entry["fingerprint"] = entry["fingerprint"][::-1]
    return {**record, **MORE, "version": VERSION + 1}


@pytest.fixture(scope="module", params=[AS_KEPT, AS_NEXT])
def how(request):
    return request.param


@pytest.fixture(scope="module", params=VERSIONS, ids=lambda version: version.name)
def left(request, how, tmp_path_factory):
    folder = tmp_path_factory.mktemp("left")
    with Opened() as shop:
        left = Left(request.param, how == AS_NEXT, folder, shop)
        environment = {
            "LEDGER": f"sqlite:{left.ledger}",
            "LEDGER_DAYS": "3650",
            # A dead letter would be a refusal, of which none is due here.
            "PUBSUB_EMULATOR_HOST": "127.0.0.1:1",
            **shop.stand_in.environment(shop.address),
        }
        with serving.function("consumer", **environment) as consumer:
            left.url = serving.url(consumer)
            yield left


def test_this_version_has_kept_something():
    """If not: ``python -m tests.data.keep``, and commit what it wrote."""
    assert keep.version() in [version.name for version in VERSIONS]


def test_of_every_state_there_is_one(left):
    states = left.states()

    assert {name: states.get(name, "new") for name, *_ in keep.STATES} == {
        "done": "done",
        "refused": "refused",
        "failed-no-effect": "failed",
        "failed-effect-unknown": "failed",
        "lost": "lost",
        "under-way": "under way",
        "stock-older": "new",
        "stock-newer": "done",
        "stock-at-work": "lost",
    }


def test_what_was_finished_gets_its_answer_without_a_call(left):
    pushes, asked = kept(left.version, "states"), len(left.shop.asked())

    done, refused = (left.deliver(pushes[name]) for name in ("done", "refused"))

    assert done[0] == refused[0] == 200
    assert done[1]["response"] == {"success": True, "message": keep.DONE.answer}
    assert refused[1]["error"] == {
        "statusCode": keep.REFUSED.status,
        "body": {"error": keep.REFUSED.answer},
    }
    assert len(left.shop.asked()) == asked


def test_what_had_no_effect_is_done(left):
    push = kept(left.version, "states")["failed-no-effect"]

    assert left.deliver(push)[0] == 200

    assert made(left, "orders/10/comments") == 1


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("failed-effect-unknown", "orders/12/comments"),
        ("lost", "order/14/ship"),
    ],
)
def test_what_may_have_had_an_effect_is_looked_for(left, name, path):
    push = kept(left.version, "states")[name]
    value = json.loads(push["message"]["data"])
    left.direct(push["message"]["attributes"]["ce-type"], value)
    assert made(left, path) == 1

    assert left.deliver(push)[0] == 200

    assert made(left, path) == 1


def test_what_is_under_way_is_left_alone(left):
    push = kept(left.version, "states")["under-way"]

    assert left.deliver(push)[0] == 503
    assert made(left, "orders/16/comments") == 0


def test_stock_knows_what_is_newest(left):
    pushes = kept(left.version, "states")

    assert left.deliver(pushes["stock-older"])[0] == 200
    assert made(left, "inventory/source-items") == 0
    assert left.deliver(pushes["stock-at-work"])[0] == 200
    assert made(left, "inventory/source-items") == 1


def test_a_message_of_every_event_is_handled(left):
    pushes = kept(left.version, "events")

    said = {name: left.deliver(push) for name, push in pushes.items()}

    assert {f"be-observer.{name}" for name in said} <= set(catalog.EVENTS)
    wrong = {k: told for k, (status, told) in said.items() if "response" not in told}
    assert wrong == {}


def test_a_dead_letter_is_read_and_replayed(left):
    where = Where("p", "commerce-", Endpoint("", True), SqliteStore(str(left.ledger)))
    for number, letter in enumerate(kept(left.version, "dead_letters")):
        received = ReceivedMessage()
        received.message.data = letter["data"].encode()
        received.message.attributes.update(letter["attributes"])
        received.message.ordering_key = letter["orderingKey"]
        read = Reader(where).read(received)
        assert (read.by, read.entity, read.uid) == (
            letter["by"],
            "product",
            letter["attributes"]["ce-id"],
        )
        again = as_published(read)
        push = {
            "message": {
                "data": again.data.decode(),
                "attributes": dict(again.attributes),
                "messageId": f"replayed-{number}",
                "orderingKey": again.ordering_key,
            },
            "subscription": keep.SUBSCRIPTION.format(read.entity),
        }
        status, told = left.deliver(push)
        assert (status, told["response"]["success"]) == (200, True)


def made(left: Left, path: str) -> int:
    """How often that was posted with success."""
    return sum(
        (method, status) == ("POST", 200) and asked.endswith(path)
        for method, asked, status in left.shop.asked()
    )
