"""The console by plain requests: who may ask, what is answered, and what is bounded."""

import re
import socket

import pytest
import requests
from anyio import to_thread

from cli.where import Where
from functions.ledger.store import LedgerUnavailable
from functions.pubsub.endpoint import Endpoint
from local.console.console import LONGEST_BODY, Console
from tests.running import RunningStack, listening

PAGES = ("/", "/event?key=none", "/letters", "/send", "/sample", "/shop", "/stream")
FILES = ("/static/console.js", "/static/console.css", "/static/icon.svg")
DEEDS = ("/letters/replay", "/letters/discard", "/send", "/shop/fail", "/shop/recover")
FOREIGN = (
    {"Host": "evil.example"},
    {"Host": "127.0.0.1.evil.example:8090"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)
ORDER = "be-observer.sales_order_status_update"
CREATE = "be-observer.catalog_product_create"


class Client:
    """Asks one console."""

    def __init__(self, address: str) -> None:
        self.address = address

    def get(self, path: str, **options) -> requests.Response:
        return requests.get(self.address + path, timeout=30, stream=True, **options)

    def post(self, path: str, data=None, **options) -> requests.Response:
        return requests.post(self.address + path, data, timeout=30, **options)

    def said(self, path: str, **form: str) -> str:
        """What the page that comes after a form says was done."""
        found = re.search('<p class="said"[^>]*>(.*?)</p>', self.post(path, form).text)
        return found.group(1)


@pytest.fixture
def console(stack):
    return Client(stack.stack["console"])


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_pages_of_other_sites_are_refused(console, headers):
    for path in (*PAGES, *FILES):
        assert console.get(path, headers=headers).status_code == 403, path
    for path in DEEDS:
        assert console.post(path, {}, headers=headers).status_code == 403, path


def test_its_own_pages_may_ask(console):
    own = {"Origin": console.address, "Sec-Fetch-Site": "same-origin"}

    assert console.get("/", headers=own).status_code == 200
    assert console.post("/shop/recover", {}, headers=own).status_code == 200


@pytest.mark.parametrize("path", [*PAGES, *FILES, "/gone", "/shop/fail"])
def test_nothing_of_it_runs_or_is_kept_elsewhere(console, path):
    headers = console.get(path).headers

    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_it_listens_on_this_machine_only(stack):
    port = stack.stack["console"].rpartition(":")[2]
    names = {at[4][0] for at in socket.getaddrinfo(socket.gethostname(), int(port))}

    for name in names - {"127.0.0.1", "::1"}:
        assert name.startswith("127.") or not listening(f"{name}:{port}"), name


@pytest.mark.parametrize(
    ("back", "lands"),
    [
        ("/shop", "/shop?said="),
        ("/event?key=a%26b&said=old", "/event?key=a%26b&said="),
        ("//evil.example/", "/?said="),
        ("https://evil.example/", "/?said="),
        ("/\\evil.example", "/?said="),
        ("/\t/evil.example", "/%09/evil.example?said="),
        ("", "/?said="),
    ],
)
def test_a_form_leads_back_to_its_page_and_nowhere_else(console, back, lands):
    form = {"back": back}
    answer = console.post("/shop/recover", form, allow_redirects=False)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith(lands)
    assert answer.headers["location"].endswith("said=Commerce+works+again.")


@pytest.mark.parametrize(
    "key",
    ["none", "", "#", "#x", "#1", f"#{'9' * 18}", f"#{'9' * 500}", "#²", "\0", "<b>"],
)
def test_what_is_not_known_is_said_so(console, key):
    answer = console.get("/event", params={"key": key})

    assert answer.status_code == 404
    assert "No event of this uid has been seen here." in answer.text
    assert "<b>" not in answer.text


def test_a_refusal_without_a_uid_has_a_page(stack, console):
    requests.post(stack.stack["ingest"], b'{"data": {"event": "x"}}', timeout=30)
    stack.wait_for(lambda: "refused at ingest" in console.get("/").text)
    page = console.get("/").text
    [key] = re.findall(r'href="/event\?(key=[^"]+)">refused at ingest', page)[:1]

    shown = console.get(f"/event?{key}").text

    assert "Refused at ingest" in shown
    assert "<code>data.uid</code> <code>data.value</code>" in shown


def test_markup_in_an_event_stays_text(stack, console):
    evil = "<script>alert(1)</script>"
    value = {"sku": evil, "name": evil, "price": 1, "description": evil}
    stack.post(CREATE, value, evil)
    stack.outcome(evil, "handled")

    pages = [console.get("/"), console.get("/shop")]
    pages.append(console.get("/event", params={"key": evil}))

    for page in pages:
        assert "alert(1)" in page.text
        assert evil not in page.text


def test_the_stream_tells_that_something_happened(stack, console):
    with console.get("/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert next(lines) == b"retry: 1000"
        stack.post(CREATE, {"sku": ""}, "streamed")
        told = next(line for line in lines if line.startswith(b"data"))

    assert told == b'data: ["received"]'


def test_a_dead_letter_is_replayed_and_discarded_once(stack, console):
    stack.post(ORDER, {"id": 4711, "status": "x", "notifyCustomer": False}, "letter")
    stack.outcome("letter", "rejected")

    def waiting() -> str:
        found = re.search(
            'name="message_id" value="([^"]+)"', console.get("/letters").text
        )
        return found.group(1) if found else ""

    stack.wait_for(waiting)
    first = waiting()
    assert console.said("/letters/replay", message_id=first) == (
        "Replayed: letter is on its way again."
    )
    stack.wait_for(lambda: waiting() not in ("", first))
    gone = console.said("/letters/replay", message_id=first)
    assert gone == "It is gone: somebody replayed or discarded it."
    assert console.said("/letters/discard", message_id=first) == "It is gone already."
    assert (
        console.said("/letters/discard", message_id=waiting()) == "Discarded: letter."
    )
    assert "None. Every event was handled" in console.get("/letters").text


def test_a_dead_letter_is_not_replayed_over_a_newer_event(stack, console):
    order = {"status": "x", "notifyCustomer": False}
    stack.post(ORDER, {"id": 4712, **order}, "older")
    stack.outcome("older", "rejected")
    create = {"sku": "NEWER", "name": "n", "price": 1, "description": "d"}
    requests.post(
        f"{console.address}/shop/fail", {"way": "400", "times": "1"}, timeout=9
    )
    stack.post(CREATE, create, "older-product")
    stack.outcome("older-product", "rejected")
    stack.post(CREATE, create, "newer-product")
    stack.outcome("newer-product", "handled")
    page = console.get("/event?key=older-product").text
    letter = re.search('name="message_id" value="([^"]+)"', page).group(1)

    said = console.said("/letters/replay", message_id=letter)
    assert said.startswith("Not replayed.")
    assert "newer" in said
    said = console.said("/letters/replay", message_id=letter, even_if_newer="1")
    assert said == "Replayed: older-product is on its way again."


class Away:
    """A desk whose ledger is away."""

    def __init__(self, stack: dict) -> None:
        self.where = Where("p", "commerce-", Endpoint("x", True), None, stack, None)

    def _raise(self, *_):
        raise LedgerUnavailable("The ledger cannot be reached: disk I/O error")

    letters = life = replay = discard = _raise


@pytest.mark.anyio
async def test_a_ledger_that_is_away_is_said(stack):
    console = Console(None, None, None, Away(stack.stack))
    asked = Client("http://" + await console.start("127.0.0.1", 0))
    try:
        pages = [
            await to_thread.run_sync(asked.get, path)
            for path in ("/letters", "/event?key=u")
        ]
        deeds = [
            await to_thread.run_sync(asked.post, f"/letters/{deed}", {"message_id": 1})
            for deed in ("replay", "discard")
        ]
    finally:
        await console.stop()

    assert {(answer.status_code, answer.text) for answer in pages + deeds} == {
        (
            503,
            "Not now: The ledger cannot be reached: disk I/O error. Go back, and try"
            " again.\n",
        )
    }


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"way": "503", "times": ""}, "Commerce will fail until told otherwise."),
        ({"way": "delay", "times": "1"}, "Commerce will fail for the next call."),
        ({"way": "lost", "times": "3"}, "Commerce will fail for 3 calls."),
        ({"way": "drop", "times": "0"}, "That cannot be done: times is a number from"),
        ({"way": "drop", "times": "²"}, "That cannot be done: times is a number from"),
        ({"way": "x"}, "That cannot be done: choose how it shall fail."),
        ({}, "That cannot be done: choose how it shall fail."),
    ],
)
def test_commerce_is_made_to_fail(console, form, said):
    assert console.said("/shop/fail", back="/shop", **form).startswith(said)
    failing = "failing</span>" in console.get("/shop").text.partition('id="faults"')[2]
    assert failing is said.startswith("Commerce")


def test_what_ingest_answers_is_handed_on(console):
    answer = console.post("/send", "{}").json()

    assert answer["status"] == 400
    assert set(answer["answer"]["errors"]) == {"data.uid", "data.event", "data.value"}


def test_a_body_too_long_is_not_handed_on(console):
    answer = console.post("/send", b" " * (LONGEST_BODY + 1)).json()

    assert answer == {"status": 413, "answer": {"error": "Too long"}}


def test_a_sample_of_no_event_is_not_found(console):
    assert console.get("/sample?event=be-observer.nothing").status_code == 404
    assert console.get(f"/sample?event={CREATE}").json()["data"]["event"] == CREATE


def test_with_a_real_store_there_is_nothing_to_look_into(tmp_path):
    store = {
        "COMMERCE_BASE_URL": "http://localhost:9",
        "COMMERCE_CONSUMER_KEY": "k" * 32,
        "COMMERCE_CONSUMER_SECRET": "s" * 32,
        "COMMERCE_ACCESS_TOKEN": "t" * 32,
        "COMMERCE_ACCESS_TOKEN_SECRET": "u" * 32,
    }
    with RunningStack(tmp_path / "real", **store) as stack:
        console = Client(stack.stack["console"])
        create = {"sku": "REAL", "name": "n", "price": 1, "description": "d"}
        stack.post(CREATE, create, "real-1")
        stack.outcome("real-1", "retrying")

        assert "the real store at <code>http://localhost:9" in console.get("/shop").text
        assert "This goes to the real store at" in console.get("/send").text
        assert console.said("/shop/fail", way="503").startswith("A real store is")
        life = console.get("/event?key=real-1").text
        assert "A real store is driven: its side is not seen from here." in life
        assert "REAL" in life
