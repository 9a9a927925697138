"""The console by plain requests: allowed origins, responses, limits."""

import re
import socket
import sqlite3
from contextlib import closing

import pytest
from anyio import to_thread

from cli.deployment import Deployment
from functions.ledger.store import LedgerUnavailable
from functions.pubsub.endpoint import Endpoint
from local.console.console import Console
from local.console.forms import MAX_BODY_BYTES
from local.journal import Journal
from tests.support.console_client import ConsoleClient
from tests.support.running import listening

PAGES = (
    *("/", "/event?key=none", "/dead-letters", "/send", "/sample", "/commerce"),
    *("/back-office", "/resource?name=product:A"),
    *("/payload?key=none", "/dead-letters/preview", "/stream"),
    *("/api", "/openapi.json"),
)
FILES = (
    "/static/console.js",
    "/static/send.js",
    "/static/tools.js",
    "/static/console.css",
    "/static/icon.svg",
)
FORMS = (
    *("/dead-letters/replay", "/dead-letters/discard", "/send", "/commerce/fail"),
    *("/commerce/recover", "/dead-letters/bulk"),
)
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


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_other_sites_pages_are_rejected(console, headers):
    for path in (*PAGES, *FILES):
        assert console.get(path, headers=headers).status_code == 403, path
    for path in FORMS:
        assert console.post(path, {}, headers=headers).status_code == 403, path


def test_its_own_pages_are_allowed(console):
    own = {"Origin": console.address, "Sec-Fetch-Site": "same-origin"}

    assert console.get("/", headers=own).status_code == 200
    assert console.post("/commerce/recover", {}, headers=own).status_code == 200


@pytest.mark.parametrize("path", [*PAGES, *FILES, "/gone", "/commerce/fail"])
def test_every_response_has_security_headers(console, path):
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
    ("back", "target"),
    [
        ("/commerce", "/commerce?notice="),
        ("/event?key=a%26b&notice=old", "/event?key=a%26b&notice="),
        ("//evil.example/", "/?notice="),
        ("https://evil.example/", "/?notice="),
        ("/\\evil.example", "/?notice="),
        ("/\t/evil.example", "/%09/evil.example?notice="),
        ("", "/?notice="),
    ],
)
def test_a_form_redirects_to_its_page_only(console, back, target):
    form = {"back": back}
    response = console.post("/commerce/recover", form, allow_redirects=False)

    assert response.status_code == 303
    assert response.headers["location"].startswith(target)
    assert response.headers["location"].endswith("notice=Commerce+works+again.")


@pytest.mark.parametrize(
    "key",
    ["none", "", "#", "#x", "#0", f"#{'9' * 18}", f"#{'9' * 500}", "#²", "\0", "<b>"],
)
def test_an_unknown_event_is_a_404(console, key):
    response = console.get("/event", params={"key": key})

    assert response.status_code == 404
    assert "There is no event with this uid." in response.text
    assert "<b>" not in response.text


def test_only_a_rejection_has_its_entry_as_key(stack, console):
    value = {"sku": "KEYED", "name": "n", "price": 1, "description": "d"}
    stack.post(CREATE, value, "keyed")
    stack.outcome("keyed", "handled")
    path = f"file:{stack.folder / 'state.sqlite'}?mode=ro"
    with closing(sqlite3.connect(path, uri=True)) as database:
        query = "SELECT min(id) FROM journal_entry WHERE uid = 'keyed'"
        [(entry,)] = database.execute(query)

    assert console.get("/event", params={"key": "keyed"}).status_code == 200
    assert console.get("/event", params={"key": f"#{entry}"}).status_code == 404


def test_markup_in_an_event_stays_text(stack, console):
    evil = "<script>alert(1)</script>"
    value = {"sku": evil, "name": evil, "price": 1, "description": evil}
    stack.post(CREATE, value, evil)
    stack.outcome(evil, "handled")

    pages = [console.get("/"), console.get("/commerce")]
    pages.append(console.get("/event", params={"key": evil}))

    for page in pages:
        assert "alert(1)" in page.text
        assert evil not in page.text


def test_the_stream_sends_the_stages(stack, console):
    with console.get("/stream") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.iter_lines()
        assert next(lines) == b"retry: 1000"
        stack.post(CREATE, {"sku": ""}, "streamed")
        data = next(line for line in lines if line.startswith(b"data"))

    assert b'"published"' in data


class UnavailableLedger:
    """Operations of a stack whose ledger cannot be reached."""

    def __init__(self, stack: dict) -> None:
        self.deployment = Deployment(
            "p", "commerce-", Endpoint("x", True), None, stack, None
        )

    def _raise(self, *_):
        raise LedgerUnavailable("The ledger cannot be reached: disk I/O error")

    dead_letters = history = replay = discard = _raise


async def test_an_unavailable_ledger_is_a_503(stack):
    class Delivering:
        """A broker that delivers everything."""

        @staticmethod
        def is_pushed(subscription: str) -> bool:
            return True

    journal = Journal(sqlite3.connect(":memory:", isolation_level=None))
    console = Console(journal, Delivering(), None, UnavailableLedger(stack.stack))
    client = ConsoleClient("http://" + await console.start("127.0.0.1", 0))
    try:
        pages = [
            await to_thread.run_sync(client.get, path)
            for path in ("/dead-letters", "/event?key=u")
        ]
        pages += [
            await to_thread.run_sync(client.post, path, {"message_id": 1})
            for path in ("/dead-letters/replay", "/dead-letters/discard")
        ]
    finally:
        await console.stop()

    assert {(page.status_code, page.text) for page in pages} == {
        (
            503,
            "Unavailable: The ledger cannot be reached: disk I/O error. Go back and try"
            " again.\n",
        )
    }


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize(
    ("form", "notice"),
    [
        ({"fault": "503", "calls": ""}, "Commerce fails until switched off."),
        ({"fault": "delay", "calls": "1"}, "Commerce fails for the next call."),
        ({"fault": "lost", "calls": "3"}, "Commerce fails for 3 calls."),
        ({"fault": "drop", "calls": "0"}, "No fault was simulated: calls must be a"),
        ({"fault": "drop", "calls": "²"}, "No fault was simulated: calls must be a"),
        ({"fault": "x"}, "No fault was simulated: choose a fault."),
        ({}, "No fault was simulated: choose a fault."),
    ],
)
def test_faults_are_simulated(console, form, notice):
    assert console.notice("/commerce/fail", back="/commerce", **form).startswith(notice)
    page = console.get("/commerce").text.partition('id="faults"')[2]
    assert ("failing</span>" in page) is notice.startswith("Commerce")


def test_ingests_response_is_returned(console):
    response = console.post("/send", "{}").json()

    assert response["status"] == 400
    assert set(response["body"]["errors"]) == {"data.uid", "data.event", "data.value"}


def test_a_body_too_long_is_not_posted(console):
    response = console.post("/send", b" " * (MAX_BODY_BYTES + 1)).json()

    assert response["status"] == 413


def test_an_unknown_sample_is_a_404(console):
    assert console.get("/sample?event=be-observer.nothing").status_code == 404
    assert console.get(f"/sample?event={CREATE}").json()["data"]["event"] == CREATE


def test_the_commerce_page_names_groups_and_behaviours(console, commerce):
    commerce.switch(comment_status="current", price_required=False)
    try:
        page = re.sub(r"<[^>]+>", " ", console.get("/commerce").text)
    finally:
        commerce.switch(comment_status="state", price_required=True)

    for pattern in (
        r"Customer groups\s+\d",
        r"\bWholesale\s+Retail Customer\b",
        r"comment_status\s+An order comment may set .*?\s+current\s",
        r"price_required\s+A new simple product without a price .*?\s+off\s",
        r"unique_email\s+An e-mail address is unique per website\.\s+always\s",
    ):
        assert re.search(pattern, page), pattern
