"""docs/debugging.md: each symptom is made to happen, and what is to be done helps.

What the page quotes is read from it and looked for in what a whole local stack, or a
function as a process of its own, really says.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest
import requests
from click.testing import CliRunner

from cli.__main__ import main
from cli.check_commerce import run as check_commerce
from functions.ledger.ledger import uid_hash
from functions.ledger.open import open_store
from tests.commerce.server import Server, answer
from tests.consumer.parts import PRODUCT, VALUE, push
from tests.docs import debugging
from tests.local.broker.api import Api
from tests.local.commerce.control import Control
from tests.running import ROOT, RunningStack, free_port
from tests.serving import OAUTH1, function, url

ENTRIES = debugging.entries()
TRIED: set[str] = set()
TOKEN = "erp-token-0123456789"
KEY = bytes(range(32))
UPDATE = "be-observer.catalog_product_update"
DELETE = "be-observer.catalog_product_delete"
SECONDS = 30


def entry_of(title: str):
    """The test makes this entry happen."""
    TRIED.add(title)
    return pytest.mark.parametrize("entry", [pytest.param(ENTRIES[title], id=title)])


class Bench(RunningStack):
    """A stack behind a token, its shop, and the operator's commands."""

    def start(self) -> "Bench":
        super().start()
        self.shop = Control(self.stack["commerce"])
        return self

    def send(self, event: str, value, uid: str, **headers: str) -> requests.Response:
        body = {"data": {"uid": uid, "event": event, "value": value}}
        return self.raw(json.dumps(body).encode(), **headers)

    def raw(self, body: bytes, **headers: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {TOKEN}", **headers}
        return requests.post(self.stack["ingest"], body, headers=headers, timeout=30)

    def taken(self, event: str, value, uid: str) -> None:
        assert self.send(event, value, uid).status_code == 200

    def command(self, *arguments: str) -> str:
        """What a command says."""
        environment = {"LOCAL_STATE": str(self.folder)}
        result = CliRunner(env=environment).invoke(main, arguments)
        assert result.exit_code == 0, result.output
        return result.output

    def life(self, uid: str, now: str) -> str:
        """What ``trace`` says, as soon as that ends in *now*."""
        told = []

        def there() -> bool:
            told.append(self.command("trace", uid))
            return f"now: {now}" in told[-1]

        self.wait_for(there, SECONDS)
        return told[-1]

    def shows(self, entry: debugging.Entry, said: str) -> None:
        """*said* is as *entry* has it, and so are the log lines, soon."""
        # An answer may be here before the line that tells of it was read.
        self.wait_for(lambda: entry.unfound(self.lines()) == [], SECONDS)
        entry.is_shown_by(said, self.lines())

    def lines(self) -> list[dict]:
        """What the functions logged, as the stack has kept it."""
        db = sqlite3.connect(f"file:{self.folder / 'state.sqlite'}?mode=ro", uri=True)
        rows = db.execute(
            "SELECT stage, event, entity, uid, message_id, more FROM happened"
        ).fetchall()
        db.close()
        names = ("stage", "event", "entity", "uid", "message_id")
        return [
            {**dict(zip(names, columns, strict=True)), **json.loads(more)}
            for *columns, more in rows
        ]


def product(sku: str, **more) -> dict:
    return {**VALUE, "sku": sku, **more}


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    bench = Bench(
        tmp_path_factory.mktemp("stack"),
        INGEST_AUTH="token",
        INGEST_TOKENS=f"erp:{TOKEN}",
        MAX_BODY_BYTES="20000",
        COMMERCE_TIMEOUT_SECONDS="10",
        LOCAL_MAX_DELIVERY_ATTEMPTS="30",
    )
    with bench:
        # Its tries run out while the other entries are looked at.
        bench.shop.fail(path="TIRED", times=None, status=503)
        bench.taken(UPDATE, product("TIRED"), "tired-1")
        yield bench


@pytest.fixture(scope="module")
def lonely():
    """Ingest that asks for signatures, without Pub/Sub and without a ledger."""
    secret = "whsec_" + base64.b64encode(KEY).decode()
    with function(
        "ingest",
        PUBSUB_EMULATOR_HOST=f"127.0.0.1:{free_port()}",
        PUBLISH_TIMEOUT_SECONDS="1",
        INGEST_AUTH="hmac",
        INGEST_HMAC_SECRETS=f"erp:{secret}",
    ) as server:
        yield server


@pytest.fixture(scope="module")
def astray(tmp_path_factory):
    """A consumer that finds neither Commerce nor its ledger nor Pub/Sub."""
    (folder := tmp_path_factory.mktemp("astray")).joinpath("file").touch()
    with function(
        "consumer",
        COMMERCE_BASE_URL=f"http://127.0.0.1:{free_port()}/rest/",
        PUBSUB_EMULATOR_HOST=f"127.0.0.1:{free_port()}",
        LEDGER=f"sqlite:{folder}/file/ledger",
        **OAUTH1,
    ) as server:
        yield server


def lines_of(said: bytes) -> list[dict]:
    return [json.loads(line) for line in said.splitlines() if line.startswith(b"{")]


# The event was not taken


@entry_of("401")
def test_a_wrong_token(entry, stack):
    wrong = stack.send(UPDATE, product("A"), "u", Authorization=f"Bearer erp:{TOKEN}")

    assert wrong.status_code == 401
    stack.shows(entry, wrong.text)
    for right in (
        {"Authorization": f"Bearer {TOKEN}"},
        {"Authorization": "", "X-API-Key": TOKEN},
    ):
        assert stack.send(UPDATE, product("A"), "u", **right).status_code == 200


def signed(body: bytes, at: float) -> dict[str, str]:
    text = f"msg_1.{int(at)}.".encode() + body
    signature = base64.b64encode(hmac.digest(KEY, text, hashlib.sha256)).decode()
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at)),
        "webhook-signature": f"v1,{signature}",
    }


EVENT = json.dumps({"data": {"uid": "u-1", "event": PRODUCT, "value": VALUE}}).encode()


@entry_of("401, signed with the right secret")
def test_a_clock_that_is_wrong(entry, lonely):
    late = signed(EVENT, time.time() - 400)
    refused = requests.post(url(lonely), EVENT, headers=late, timeout=30)

    challenge = f"WWW-Authenticate: {refused.headers['WWW-Authenticate']}"
    entry.is_shown_by(f"{refused.text}\n{challenge}")
    entry.also_tells(f"Date: {refused.headers['Date']}", "Date:")
    now = parsedate_to_datetime(refused.headers["Date"]).timestamp()
    known = requests.post(url(lonely), EVENT, headers=signed(EVENT, now), timeout=30)
    assert known.status_code == 503  # known, and then nobody to store it


@entry_of("400 with `errors`")
def test_a_wrong_value(entry, stack):
    refused = stack.send(UPDATE, product("A", price="9.5"), "erp-1")

    assert refused.status_code == 400
    stack.shows(entry, refused.text)
    [line] = [line for line in stack.lines() if line.get("uid") == "erp-1"]
    assert (line["caller"], line["fields"]) == ("erp", ["data.value.price"])
    assert stack.send(UPDATE, product("A", price=9.5), "erp-1").status_code == 200


@entry_of("400, and the body is at fault")
def test_a_body_in_another_encoding(entry, stack):
    text = EVENT.decode().replace('"n"', '"é"')
    latin, torn = stack.raw(text.encode("latin-1")), stack.raw(EVENT[:-1])

    assert (latin.status_code, torn.status_code) == (400, 400)
    entry.is_shown_by(f"{latin.text}\n{torn.text}")
    assert stack.raw(text.encode("utf-16")).status_code == 400
    assert text.encode("utf-16")[:2].hex(" ") in entry.parts["Look"]
    assert "é".encode("latin-1").hex() in entry.parts["Look"]
    assert stack.raw(text.encode()).status_code == 200


@entry_of("400, unknown event")
def test_an_unknown_event(entry, stack):
    refused = stack.send("be-observer.catalog_product_saved", VALUE, "u")

    entry.is_shown_by(refused.text)
    assert stack.send(f"acme.{UPDATE}", VALUE, "u").status_code == 200


@entry_of("413")
def test_a_body_that_is_too_long(entry, stack):
    refused = stack.raw(EVENT.ljust(20_001))

    assert refused.status_code == 413
    stack.shows(entry, refused.text)


@entry_of("503, Pub/Sub cannot be reached")
def test_nobody_to_store_it(entry, lonely):
    headers = signed(EVENT, time.time())
    refused = requests.post(url(lonely), EVENT, headers=headers, timeout=30)

    assert refused.status_code == 503
    again = f"Retry-After: {refused.headers['Retry-After']}"
    lines = lines_of(lonely.said())
    entry.is_shown_by(f"{refused.text}\n{again}", lines)
    entry.also_tells(
        str([line["message"] for line in lines]),
        "Pub/Sub did not take the event:",
    )


@entry_of("405 or 404 from `GET /events/…`")
def test_what_became_of_it_is_not_told(entry, stack, lonely):
    off = requests.get(f"{url(lonely)}/events/x", timeout=30)
    door = {"Authorization": f"Bearer {TOKEN}"}
    asked = f"{stack.stack['ingest']}/events/"
    unseen = requests.get(f"{asked}nobody", headers=door, timeout=30)

    assert (off.status_code, unseen.status_code) == (405, 404)
    entry.is_shown_by(f"{off.text}\n{unseen.text}")
    stack.taken(PRODUCT, product("SEEN"), "a/b")
    stack.life("a/b", "handled")
    seen = requests.get(f"{asked}a%2Fb", headers=door, timeout=30)
    assert (seen.status_code, seen.json()["state"]) == (200, "handled")


# It was taken and is not done


@entry_of("It waits: delivery is paused")
def test_delivery_is_paused(entry, stack):
    stack.command("pause", "customer")
    stack.taken("be-observer.customer_delete", {"id": 1}, "paused-1")

    entry.is_shown_by(stack.life("paused-1", "waiting"))
    entry.also_tells(stack.command("status"), "paused since")
    stack.command("resume", "customer")
    stack.life("paused-1", "handled")


@entry_of("It waits behind another event")
def test_an_earlier_one_is_held_up(entry, stack):
    fault = stack.shop.fail(path="HELD", times=None, status=500)
    stack.taken(UPDATE, product("HELD", price=1), "first-1")
    stack.life("first-1", "retrying")
    stack.taken(UPDATE, product("HELD", price=2), "second-1")
    stack.taken(UPDATE, product("FREE"), "other-1")
    stack.life("other-1", "handled")

    stack.shows(entry, stack.life("second-1", "waiting"))
    entry.also_tells(stack.outcome("first-1", "retrying"), "retrying")
    stack.shop.control("DELETE", f"faults/{fault}")
    stack.life("first-1", "handled")
    stack.life("second-1", "handled")
    did = [thing for _, thing in stack.shop.did()]
    assert did.count("HELD") == 2


def fails(stack: Bench, entry, sku: str, **fault) -> str:
    """The life of an event that fails so; when the fault ends it is handled."""
    number = stack.shop.fail(path=sku, times=None, **fault)
    stack.taken(UPDATE, product(sku), f"{sku}-1")
    told = stack.life(f"{sku}-1", "retrying")
    stack.shows(entry, told)
    stack.shop.control("DELETE", f"faults/{number}")
    stack.life(f"{sku}-1", "handled")
    return told


@entry_of("It is retried for hours: Commerce is down")
def test_commerce_is_down(entry, stack):
    fails(stack, entry, "DOWN", status=503)


def checked(variables: dict[str, str]) -> str:
    """What ``check-commerce`` says."""
    said: list[str] = []
    check_commerce(variables, False, said.append)
    return "".join(said)


@entry_of("Commerce does not take our sign-in")
def test_a_sign_in_that_is_refused(entry, stack):
    refusal = {
        "message": "The consumer isn't authorized to access %resources.",
        "parameters": {"resources": "Magento_Catalog::products"},
    }
    fails(stack, entry, "KEYS", status=401, body=refusal)

    where = {"COMMERCE_BASE_URL": f"{stack.stack['commerce']}/rest/", **OAUTH1}
    entry.also_tells(checked(where), "sign-in", "refused")


@entry_of("The clocks are apart")
def test_clocks_that_are_apart(entry, stack):
    fails(stack, entry, "CLOCK", status=400, message="oauth_problem=timestamp_refused")

    ahead = datetime.now(UTC) + timedelta(hours=1)
    said = answer(200, [], Date=format_datetime(ahead, usegmt=True))
    with Server(lambda request: said) as shop:
        told = checked({"COMMERCE_BASE_URL": f"{shop.url}/rest/", **OAUTH1})
    entry.also_tells(told, "clock", "s behind the store's")


@entry_of("The address of Commerce is wrong")
def test_an_address_that_is_wrong(entry, stack):
    told = fails(
        stack, entry, "ROUTE", status=404, message="Request does not match any route."
    )

    assert "404" in told
    page = {"status": 200, "body": "<html>"}
    moved = {
        "status": 301,
        "body": "",
        "headers": {"Location": "https://www.a.example"},
    }
    for sku, fault in (("PAGE", page), ("MOVED", moved)):
        number = stack.shop.fail(path=sku, times=None, **fault)
        stack.taken(UPDATE, product(sku), f"{sku}-1")
        assert "is COMMERCE_BASE_URL right?" in stack.life(f"{sku}-1", "retrying 503")
        stack.shop.control("DELETE", f"faults/{number}")


@entry_of("No connection to Commerce")
def test_nobody_at_that_address(entry, astray):
    body = {"type": PRODUCT, "data": VALUE}
    got = requests.post(url(astray), json=body, timeout=30)

    assert got.status_code == 503
    entry.is_shown_by(got.text)


@entry_of("Another delivery is under way")
def test_two_of_one_uid(entry, stack):
    stack.shop.fail(path="TWIN", times=1, delay_seconds=4)
    value = product("TWIN")
    stack.taken(UPDATE, value, "twin-1")
    ledger = open_store(stack.stack["ledger"], "local")
    stack.wait_for(lambda: ledger.find("uid", uid_hash("twin-1")), SECONDS)
    second = push(value, UPDATE, "twin-1", "second")
    got = requests.post(stack.stack["consumer"], json=second, timeout=30)

    assert got.status_code == 503
    stack.shows(entry, stack.outcome("twin-1", "retrying"))
    stack.life("twin-1", "handled")
    again = requests.post(stack.stack["consumer"], json=second, timeout=30)
    assert again.status_code == 200


@entry_of("You call a consumer by hand")
def test_a_consumer_called_by_hand(entry, stack):
    consumer = stack.stack["consumer"]
    wrong = requests.post(consumer, EVENT, timeout=30)
    [body] = re.findall(r"-d '(.+?)'", entry.parts["Do"])
    right = requests.post(consumer, body, timeout=30)

    assert (wrong.status_code, right.status_code) == (400, 200)
    entry.is_shown_by(wrong.text)


@entry_of("Ledger or dead-letter topic cannot be reached")
def test_a_consumer_without_ledger_or_topic(entry, astray):
    # A value that is refused needs a place before it needs the ledger.
    told = [
        requests.post(url(astray), json=body, timeout=60)
        for body in (push(uid="l-1"), push({"sku": ""}, uid="l-2"))
    ]
    lines = lines_of(astray.said())

    assert [got.status_code for got in told] == [503, 503]
    entry.is_shown_by("\n".join(got.text for got in told), lines)
    pushed = [line for line in lines if line.get("uid") in ("l-1", "l-2")]
    assert not any(line.get("stage") == "call" for line in pushed)


# It was refused


@entry_of("Commerce refused it")
def test_a_refusal_and_its_replay(entry, stack):
    stack.shop.fail(
        method="POST",
        path="products",
        status=400,
        message='The "tax_class_id" attribute value is not valid.',
    )
    stack.taken(PRODUCT, product("REFUSED"), "erp-2")

    told = stack.life("erp-2", "refused")
    stack.shows(entry, told)
    stack.wait_for(lambda: "erp-2" in stack.command("dead-letters"), SECONDS)
    listed = stack.command("dead-letters", "--uid", "erp-2")
    assert 'The "tax_class_id"' in listed
    [message_id] = re.findall(r"dead letter (\d+) waits", told) or re.findall(
        r"^(\d+) ", listed, re.M
    )
    assert "REFUSED" in stack.command("dead-letters", "--show", message_id)
    stack.command("replay", message_id)
    stack.life("erp-2", "handled")


@entry_of("It came past ingest, and is refused")
def test_what_others_publish(entry, stack):
    api = Api(stack.stack["broker"])
    topic = "projects/local/topics/commerce-product"
    for uid, name in (("past-1", UPDATE), ("past-2", "product_update")):
        api.publish(topic, b"sku=A", **{"ce-type": name, "ce-id": uid})
    api.close()
    told = [stack.life(uid, "refused") for uid in ("past-1", "past-2")]

    entry.is_shown_by("\n".join(told))
    listed = stack.command("dead-letters", "--uid", "past-1")
    [message_id] = re.findall(r"^(\d+) ", listed, re.M)
    shown = stack.command("dead-letters", "--show", message_id)
    assert base64.b64encode(b"sku=A").decode() in shown
    assert "past-1" in stack.command("discard", message_id, "--yes")


@entry_of("The store refuses signed paths")
def test_a_store_that_refuses_signed_paths(entry, stack):
    stack.taken(PRODUCT, product("LAMP 7/é"), "signed-0")
    stack.life("signed-0", "handled")
    stack.shop.rules(refuses_encoded_signed_paths=True)
    stack.taken(DELETE, {"sku": "LAMP 7/é"}, "signed-1")

    entry.is_shown_by(stack.life("signed-1", "refused"))
    stack.shop.rules(refuses_encoded_signed_paths=False)
    stack.wait_for(
        lambda: "signed-1" in stack.command("replay", "--uid", "signed-1"), SECONDS
    )
    stack.life("signed-1", "handled")


@entry_of("`replay` leaves it out")
def test_a_newer_event_overtook_it(entry, stack):
    stack.shop.fail(path="LAMP-9", status=400, message="Not today.")
    stack.taken(UPDATE, product("LAMP-9", price=1), "old-9")
    stack.life("old-9", "refused")
    stack.taken(UPDATE, product("LAMP-9", price=2), "new-9")
    stack.life("new-9", "handled")
    stack.wait_for(lambda: "old-9" in stack.command("dead-letters"), SECONDS)

    environment = {"LOCAL_STATE": str(stack.folder)}
    replay = ["replay", "--uid", "old-9"]
    entry.is_shown_by(CliRunner(env=environment).invoke(main, replay).output)
    assert "old-9" in stack.command("discard", "--uid", "old-9", "--yes")
    assert "old-9" not in stack.command("dead-letters")


@entry_of("It is out of tries")
def test_its_tries_ran_out(entry, stack):
    told = stack.life("tired-1", "out of tries")
    listed = stack.command("dead-letters", "--uid", "tired-1")

    entry.is_shown_by(f"{listed}\n{told}")
    stack.shop.control("DELETE", "faults")
    assert "tired-1" in stack.command("replay", "--reason", "Out of tries")
    stack.life("tired-1", "handled")


# It was handled, and the shop shows something else


@entry_of("It was posted again, and nothing happened")
def test_a_repeat(entry, stack):
    stack.taken(UPDATE, product("AGAIN"), "again-1")
    stack.life("again-1", "handled")
    stack.taken(UPDATE, product("AGAIN"), "again-1")
    stack.outcome("again-1", "repeated")
    stack.wait_for(lambda: "repeated" in stack.command("trace", "again-1"), SECONDS)

    entry.is_shown_by(stack.outcome("again-1", "repeated"))
    told = stack.command("trace", "again-1")
    assert "PUT products/{sku}" not in told[told.rindex("attempt 1") :]
    stack.taken(UPDATE, product("AGAIN"), "again-2")
    assert "PUT products/{sku}" in stack.life("again-2", "handled")


# It does not start


def started(environment: dict[str, str], *command: str) -> tuple[int, str]:
    """Exit status and words of what does not start."""
    done = subprocess.run(
        [sys.executable, "-m", *(command or ("local",))],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


@entry_of("A port is in use")
def test_a_port_in_use(entry, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        status, said = started(RunningStack(tmp_path, PORT=port).environment)

    assert status == 3
    entry.is_shown_by(said.replace(port, "8080"))
    assert f"PORT={int(port) + 1} make run" in said


@entry_of("A stack is running already")
def test_a_second_stack(entry, stack):
    status, said = started(RunningStack(stack.folder).environment)

    assert status == 3
    entry.is_shown_by(said)


@entry_of("Wrong settings")
def test_wrong_settings(entry, tmp_path):
    given = {"INGEST_AUTH": "token", "INGEST_TOKENS": "short"}
    status, said = started(RunningStack(tmp_path, **given).environment)

    assert status == 3
    entry.is_shown_by(said)


@entry_of("A command finds no stack")
def test_a_command_without_a_stack(entry, tmp_path):
    environment = {"PATH": os.environ["PATH"], "LOCAL_STATE": str(tmp_path)}
    status, said = started(environment, "cli", "status")

    assert status == 3
    entry.is_shown_by(said)


# The page


def column(heading: str) -> set[str]:
    """What stands in code in the first column of the table that begins so."""
    table = debugging.PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| (.+?) \|", table, re.M)
    return set(re.findall(r"`([^`]+)`", " ".join(cells)))


def test_what_a_line_says_is_all_on_the_page(stack, lonely, astray):
    """Every field and stage that was written in all of this, and no other."""
    stack.send(UPDATE, product("A", price="9.5"), "lines-1")
    stack.taken(UPDATE, product("LINES"), "lines-2")
    stack.life("lines-2", "handled")
    requests.post(url(astray), json=push(uid="lines-3"), timeout=60)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    headers = {**signed(EVENT, time.time()), "traceparent": trace}
    requests.post(url(lonely), EVENT, headers=headers, timeout=30)
    theirs = [line for line in stack.lines() if "room" not in line]
    lines = [*theirs, *lines_of(lonely.said()), *lines_of(astray.said())]
    written = {name for line in lines for name, value in line.items() if value}

    assert written == column("field")
    assert {line["stage"] for line in lines if "stage" in line} == column("`stage`")
    assert {line["outcome"] for line in theirs if line.get("outcome")} < set(
        re.findall(r"`(\w+)`", debugging.PAGE.partition("| `outcome` | consumer |")[2])
    )


def test_every_entry_is_tried():
    assert TRIED == set(ENTRIES)
    assert len(ENTRIES) >= 12


def test_every_link_on_the_page_leads_somewhere():
    for target, anchor in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", debugging.PAGE):
        text = (ROOT / "docs" / target).read_text() if target else debugging.PAGE
        slugs = {
            re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.+)$", text, re.M)
        }
        assert not anchor or anchor in slugs, f"{target}#{anchor}"


def test_the_readme_leads_to_the_page():
    assert "(docs/debugging.md)" in (ROOT / "README.md").read_text()
