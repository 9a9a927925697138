"""``send``: what was answered, what became of it, and nobody there."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from functions.events import samples
from tests.support.cli_deployment import Deployment
from tests.running import free_port

PRODUCT = samples.value("be-observer.catalog_product_create")
TAKEN = {"response": {"success": True, "message": "Event published successfully"}}
BODY = {
    "data": {
        "uid": "u1",
        "event": "be-observer.catalog_product_create",
        "value": PRODUCT,
    }
}


@contextmanager
def ingest(then=lambda: None, status=200, message=TAKEN):
    """Who answers every post so, after doing *then*; its URL and what it got."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.headers.get("Authorization"), json.loads(body)))
            then()
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", got
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "event.json"
    path.write_text(json.dumps(BODY))
    return str(path)


@pytest.fixture
def deployment(ours, tmp_path):
    return Deployment(ours, tmp_path)


def test_a_file_posted_again_is_told_of_its_own_outcome(deployment, file):
    """Not of the one that the same uid had before."""
    ends = iter(
        [
            {"status": 400, "message": "SKU is taken", "final": True},
            {"status": 200, "message": "Product created", "final": True},
        ]
    )
    numbers = iter("12")

    def delivered():
        deployment.attempt(
            "catalog_product_create",
            PRODUCT,
            "u1",
            message_id=f"m{next(numbers)}",
            **next(ends),
        )

    with ingest(delivered) as (url, _):
        deployment.write_stack_file(ingest=url)
        [first] = deployment.run_json("send", "--file", file, status=1)
        [second] = deployment.run_json("send", "--file", file)

    assert (first["outcome"], first["message"]) == ("rejected", "SKU is taken")
    assert (second["outcome"], second["message"]) == ("handled", "Product created")


def test_what_is_not_handled_in_time_is_told_and_exit_1(deployment, file):
    deployment.attempt(
        "catalog_product_create", PRODUCT, "u1", status=200, message="Old", final=True
    )
    with ingest() as (url, _):
        deployment.write_stack_file(ingest=url)
        waiting = deployment.run("send", "--file", file, "--wait", "0.2")

    assert waiting.exit_code == 1
    assert waiting.stdout.splitlines()[-1] == (
        "  waiting   not handled yet: see the terminal of make run, or make trace"
        " UID=u1"
    )


def test_commerces_words_cannot_command_the_terminal(deployment, file):
    def delivered():
        answer = "No \x1b[31mred\nname"
        deployment.attempt(
            "catalog_product_create",
            PRODUCT,
            "u1",
            status=400,
            message=answer,
            final=True,
        )

    with ingest(delivered) as (url, _):
        deployment.write_stack_file(ingest=url)
        lines = deployment.run("send", "--file", file).stdout.splitlines()

    assert len(lines) == 3
    assert "\x1b" not in lines[-1]


def test_what_is_tried_again_is_told_with_the_last_answer(deployment, file):
    def delivered():
        deployment.attempt(
            "catalog_product_create",
            PRODUCT,
            "u1",
            status=503,
            message="Commerce is away",
            final=False,
        )

    with ingest(delivered) as (url, _):
        deployment.write_stack_file(ingest=url)
        [told] = deployment.run_json("send", "--file", file, "--wait", "0.2", status=1)

    assert (told["outcome"], told["status"], told["message"]) == (
        "retrying",
        503,
        "Commerce is away",
    )


def test_a_deployed_one_is_sent_the_token_and_no_stack_is_asked(deployment):
    (deployment.folder / "stack.json").unlink()
    with ingest() as (url, got):
        [told] = deployment.run_json("send", "--url", url, "--token", "secret")

    assert (told["posted"], told["outcome"]) == (200, "accepted")
    [(authorization, body)] = got
    assert authorization == "Bearer secret"
    assert body["data"]["event"] == "be-observer.catalog_product_create"


def test_the_local_stack_is_sent_the_token_that_it_asks_for(deployment, file):
    with ingest() as (url, got):
        deployment.write_stack_file(ingest=url)
        arguments = ["send", "--file", file, "--wait", "0"]
        deployment.run(*arguments, env={"INGEST_TOKENS": "erp:first, other:second"})
        deployment.run(*arguments)
        deployment.run(*arguments, "--token", "third")

    assert [authorization for authorization, _ in got] == [
        "Bearer first",
        None,
        "Bearer third",
    ]


def test_who_is_not_known_is_told_what_to_add(deployment, file):
    with ingest(status=401, message={"error": "Unauthorized"}) as (url, _):
        result = deployment.run("send", "--file", file, "--url", url)

    assert result.stdout.splitlines()[1:] == [
        "  refused   401  Unauthorized",
        "            say who you are: --token, or make send TOKEN=…",
        "            (a signature or an ID token: see docs/ingest.md)",
    ]


@pytest.mark.parametrize(
    "event", ["all", "customer_delete", "sales_order_status_update"]
)
@pytest.mark.parametrize("where", ["url", "stack"])
def test_a_real_store_s_own_things_are_changed_only_when_told_to(
    deployment, event, where
):
    with ingest() as (url, got):
        deployment.write_stack_file(ingest=url, real_store=True)
        arguments = ["send", "--event", event, "--wait", "0"]
        arguments += ["--url", url] if where == "url" else []
        refused = deployment.run(*arguments)
        assert (refused.exit_code, got) == (2, [])
        assert "a real store may be there" in refused.stderr
        # The stack's ledger is asked what became of it, and knows nothing.
        told = deployment.run_json(*arguments, "--yes", status=where == "stack")

    assert {line["posted"] for line in told} == {200}
    assert len(got) == len(told) >= 1


def test_samples_of_one_s_own_are_posted_to_a_real_store(deployment):
    with ingest() as (url, got):
        deployment.write_stack_file(ingest=url, real_store=True)
        deployment.run("send", "--event", "catalog_product_update", "--wait", "0")

    assert len(got) == 1


def test_what_is_retried_is_said_to_go_on_by_itself(deployment, file):
    away = {"status": 503, "message": "Commerce is away", "final": False}

    def delivered():
        deployment.attempt(
            "catalog_product_create", PRODUCT, "u1", message_id="m9", **away
        )

    with ingest(delivered) as (url, _):
        deployment.write_stack_file(ingest=url)
        result = deployment.run("send", "--file", file, "--wait", "1")

    assert "it is tried again by itself: make trace UID=u1 tells" in result.stdout


def test_every_fault_of_a_refused_event_is_shown(deployment, file):
    answer = {"error": "Invalid value for x", "errors": {"data.value.sku": ["Wrong."]}}
    with ingest(status=400, message=answer) as (url, _):
        result = deployment.run("send", "--file", file, "--url", url)

    assert (result.exit_code, result.stdout.splitlines()[1:]) == (
        1,
        [
            "  refused   400  Invalid value for x",
            "            data.value.sku: Wrong.",
        ],
    )


def test_someone_else_who_says_200_is_not_believed(deployment, file):
    with ingest(message={"hello": "world"}) as (url, _):
        result = deployment.run("send", "--file", file, "--url", url)

    assert (result.exit_code, result.stderr) == (
        3,
        f"{url} says 200, but is not the ingest function\n",
    )


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://shop", "http://"])
def test_what_is_no_url_is_2(deployment, url):
    result = deployment.run("send", "--url", url)

    assert result.exit_code == 2
    assert "--url must be an http(s) URL: " in result.stderr


def test_nobody_there_is_3_and_one_sentence(deployment):
    url = f"http://127.0.0.1:{free_port()}"

    result = deployment.run("send", "--url", url)

    assert (result.exit_code, result.stdout, result.stderr) == (
        3,
        "",
        f"{url} does not answer: ConnectionError\n",
    )


def test_no_stack_is_3_and_one_sentence(deployment):
    (deployment.folder / "stack.json").unlink()

    result = deployment.run("send")

    assert (result.exit_code, result.stdout, result.stderr) == (
        3,
        "",
        "No local stack is running: start it with make run\n",
    )


def test_what_is_no_sample_or_no_json_is_2(deployment, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text("{")

    unknown = deployment.run("send", "--event", "rocket")
    unreadable = deployment.run("send", "--file", str(broken))

    assert (unknown.exit_code, unreadable.exit_code) == (2, 2)
    assert "no sample of rocket; there are: catalog_product_create," in unknown.stderr
    assert "broken.json is not JSON: " in unreadable.stderr
