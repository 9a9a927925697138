"""``send`` posts events and reports their results."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from functions.events import samples
from functions.standard_webhooks import is_signed
from tests.support.cli_deployment import HANDLED, REJECTED, UNAVAILABLE
from tests.support.running import free_port

EVENT = "be-observer.catalog_product_create"
CREATE = "catalog_product_create"
PRODUCT = samples.value(EVENT)
PUBLISHED = {"response": {"success": True, "message": "Event published successfully"}}
SECRET = "whsec_" + "a2V5" * 8
BODY = {"data": {"uid": "u1", "event": EVENT, "value": PRODUCT}}


@contextmanager
def ingest(
    deliver: Callable[[], object] = lambda: None,
    status: int = 200,
    body: object = PUBLISHED,
    accepts: Callable[[Message, bytes], bool] = lambda headers, content: True,
) -> Iterator[tuple[str, list[tuple[str | None, dict]]]]:
    """A server that calls *deliver* on each post, and then answers.

    Args:
        accepts: which headers and content of a post get *status*; others get 401.

    Yields:
        Its URL, and the Authorization and body of each post.
    """
    posts: list[tuple[str | None, dict]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            content = self.rfile.read(int(self.headers["Content-Length"]))
            is_json = self.headers["Content-Type"] == "application/json"
            posted = json.loads(content) if is_json else content
            posts.append((self.headers.get("Authorization"), posted))
            deliver()
            self.send_response(status if accepts(self.headers, content) else 401)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", posts
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "event.json"
    path.write_text(json.dumps(BODY))
    return str(path)


def test_a_file_posted_again_gets_its_own_outcome(deployment, file):
    outcomes = iter([("m1", REJECTED), ("m2", HANDLED)])

    def deliver():
        message_id, outcome = next(outcomes)
        deployment.attempt(CREATE, PRODUCT, "u1", message_id=message_id, **outcome)

    with ingest(deliver) as (url, _):
        deployment.write_stack_file(ingest=url)
        [first] = deployment.run_json("send", "--file", file, status=1)
        [second] = deployment.run_json("send", "--file", file)

    assert (first["outcome"], first["message"]) == ("rejected", "SKU is taken")
    assert (second["outcome"], second["message"]) == ("handled", "Product created")


@pytest.mark.parametrize("options", [[], ["--url", "http://127.0.0.1:9"]])
def test_only_the_stand_in_reports_events_of_commerce(deployment, options):
    deployment.write_stack_file(real_store=True)
    result = deployment.run("send", "--event", "commerce.order.created", *options)

    assert result.exit_code == 3
    assert "which the stand-in of make run simulates" in result.stderr


def test_an_event_without_result_in_time_exits_1(deployment, file):
    deployment.attempt(CREATE, PRODUCT, "u1", **HANDLED)
    with ingest() as (url, _):
        deployment.write_stack_file(ingest=url)
        result = deployment.run("send", "--file", file, "--wait", "0.2")

    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == (
        "  waiting   no result yet: see the output of make run, or make trace UID=u1"
    )


def test_commerces_message_cannot_control_the_terminal(deployment, file):
    outcome = {**REJECTED, "message": "No \x1b[31mred\nname"}

    def deliver():
        deployment.attempt(CREATE, PRODUCT, "u1", **outcome)

    with ingest(deliver) as (url, _):
        deployment.write_stack_file(ingest=url)
        lines = deployment.run("send", "--file", file).stdout.splitlines()

    assert len(lines) == 3
    assert "\x1b" not in lines[-1]


def test_a_retry_is_reported_with_its_last_result(deployment, file):
    def deliver():
        deployment.attempt(CREATE, PRODUCT, "u1", **UNAVAILABLE)

    with ingest(deliver) as (url, posts):
        deployment.write_stack_file(ingest=url)
        arguments = ["send", "--file", file, "--wait", "0.2"]
        [result] = deployment.run_json(*arguments, status=1)
    with ingest(
        lambda: deployment.attempt(
            CREATE, PRODUCT, "u1", message_id="m2", **UNAVAILABLE
        )
    ) as (url, _):
        deployment.write_stack_file(ingest=url)
        text = deployment.run(*arguments).stdout

    assert (result["outcome"], result["status"], result["message"]) == (
        "retrying",
        503,
        "Commerce is down",
    )
    # The broker's entry of the last attempt is missing here: the ledger's is used.
    assert re.search(
        r"it is delivered again: attempt 2 at \d\d:\d\d:\d\d \((in \d+ s|due)\)\n",
        text,
    )
    assert len(posts) == 1


def test_a_remote_ingest_gets_the_token(deployment):
    (deployment.folder / "stack.json").unlink()
    with ingest() as (url, posts):
        [result] = deployment.run_json("send", "--url", url, "--token", "secret")

    assert (result["posted"], result["outcome"]) == (200, "accepted")
    [(authorization, body)] = posts
    assert authorization == "Bearer secret"
    assert body["data"]["event"] == EVENT


def test_the_local_ingest_gets_its_own_token(deployment, file):
    with ingest() as (url, posts):
        deployment.write_stack_file(ingest=url)
        arguments = ["send", "--file", file, "--wait", "0"]
        deployment.run(*arguments, env={"INGEST_TOKENS": "erp:first, other:second"})
        deployment.run(*arguments)
        deployment.run(*arguments, "--token", "third")

    assert [authorization for authorization, _ in posts] == [
        "Bearer first",
        None,
        "Bearer third",
    ]


@pytest.mark.parametrize("target", ["url", "stack"])
def test_a_secret_signs_what_is_posted(deployment, file, target):
    environment = {"INGEST_HMAC_SECRETS": f"erp:{SECRET}"}

    with ingest(accepts=lambda *post: is_signed(SECRET, *post)) as (url, _):
        deployment.write_stack_file(ingest=url)
        arguments = ["send", "--file", file, "--wait", "0", "--json"]
        arguments += ["--url", url] if target == "url" else []
        signed = deployment.run(*arguments, env=environment)
        unsigned = deployment.run(*arguments)
        invalid = deployment.run(*arguments, env={"INGEST_HMAC_SECRETS": "x"})

    assert json.loads(signed.stdout)["posted"] == 200
    assert json.loads(unsigned.stdout)["posted"] == 401
    assert invalid.exit_code == 2
    assert "INGEST_HMAC_SECRETS holds a secret that does not begin" in invalid.stderr


def test_variables_of_make_are_options(deployment, file):
    """What make passes on is never part of a command line."""
    with ingest() as (url, posts):
        variables = {"SEND_FILE": str(file), "SEND_URL": url, "SEND_TOKEN": "a$b 'c'"}
        result = deployment.run("send", env={**variables, "SEND_EVENT": ""})

    assert result.exit_code == 0, result.output
    assert posts == [("Bearer a$b 'c'", BODY)]


def test_a_401_says_how_to_authenticate(deployment, file):
    with ingest(status=401, body={"error": "Unauthorized"}) as (url, _):
        result = deployment.run("send", "--file", file, "--url", url)

    assert result.stdout.splitlines()[1:] == [
        "  rejected  401  Unauthorized",
        "            authenticate with --token, or TOKEN=… make send",
        "            or sign: INGEST_HMAC_SECRETS=whsec_… make send",
        "            (ID token: see docs/ingest.md)",
    ]


@pytest.mark.parametrize(
    "event", ["all", "customer_delete", "sales_order_status_update"]
)
@pytest.mark.parametrize("target", ["url", "stack"])
def test_entities_of_a_real_store_need_yes(deployment, event, target):
    with ingest() as (url, posts):
        deployment.write_stack_file(ingest=url, real_store=True)
        arguments = ["send", "--event", event, "--wait", "0"]
        arguments += ["--url", url] if target == "url" else []
        rejected = deployment.run(*arguments)
        assert (rejected.exit_code, posts) == (2, [])
        assert "existing entities of a real store" in rejected.stderr
        # The stack's ledger has no result.
        results = deployment.run_json(*arguments, "--yes", status=target == "stack")

    assert {result["posted"] for result in results} == {200}
    assert len(posts) == len(results) >= 1


def test_a_sample_without_ids_is_posted_to_a_real_store(deployment):
    with ingest() as (url, posts):
        deployment.write_stack_file(ingest=url, real_store=True)
        deployment.run("send", "--event", "catalog_product_update", "--wait", "0")

    assert len(posts) == 1


def test_every_error_of_a_rejected_event_is_shown(deployment, file):
    body = {"error": "Invalid value for x", "errors": {"data.value.sku": ["Wrong."]}}
    with ingest(status=400, body=body) as (url, _):
        result = deployment.run("send", "--file", file, "--url", url)

    assert (result.exit_code, result.stdout.splitlines()[1:]) == (
        1,
        [
            "  rejected  400  Invalid value for x",
            "            data.value.sku: Wrong.",
        ],
    )


BATCH = [{**BODY["data"], "uid": uid} for uid in ("u1", "u2", "u1")]
RESULTS = {
    "results": [
        {"uid": "u1", "status": 200, **PUBLISHED},
        {"uid": None, "status": 400, "error": "No", "errors": {"data.1.uid": ["X."]}},
        {"uid": "u1", "status": 200, **PUBLISHED},
    ]
}


@pytest.mark.parametrize(
    ("name", "content", "posted"),
    [
        ("batch.json", json.dumps({"data": BATCH}), {"data": BATCH}),
        ("list.json", json.dumps(BATCH), {"data": BATCH}),
        *(
            (name, "\n".join(map(json.dumps, BATCH)), None)
            for name in ("lines.ndjson", "lines.jsonl")
        ),
    ],
    ids=["data", "list", "ndjson", "jsonl"],
)
def test_a_batch_is_one_post_with_a_result_each(
    deployment, tmp_path, name, content, posted
):
    def deliver():
        for message_id, outcome in (("m1", REJECTED), ("m2", HANDLED)):
            deployment.attempt(CREATE, PRODUCT, "u1", message_id=message_id, **outcome)

    file = tmp_path / name
    file.write_text(content)
    with ingest(deliver, 207, RESULTS) as (url, posts):
        deployment.write_stack_file(ingest=url)
        results = deployment.run_json("send", "--file", str(file), status=1)

    assert [(one["uid"], one["posted"], one["outcome"]) for one in results] == [
        ("u1", 200, "rejected"),
        ("u2", 400, "rejected"),
        ("u1", 200, "handled"),
    ]
    assert [body for _, body in posts] == [posted or content.encode()]


def test_a_rejected_batch_is_one_result(deployment, tmp_path):
    file = tmp_path / "list.json"
    file.write_text(json.dumps(BATCH))
    with ingest(status=401, body={"error": "Unauthorized"}) as (url, _):
        result = deployment.run("send", "--file", str(file), "--url", url)

    assert (result.exit_code, result.stdout.splitlines()[:2]) == (
        1,
        ["batch of 3 events  uid -", "  rejected  401  Unauthorized"],
    )


def test_a_200_of_another_server_exits_3(deployment, file):
    with ingest(body={"hello": "world"}) as (url, _):
        result = deployment.run("send", "--file", file, "--url", url)

    assert (result.exit_code, result.stderr) == (
        3,
        f"Error: {url} answers 200, but is not the ingest function: check the"
        " address\n",
    )


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://shop", "http://"])
def test_an_invalid_url_exits_2(deployment, url):
    result = deployment.run("send", "--url", url)

    assert result.exit_code == 2
    assert "--url must be an http(s) URL: " in result.stderr


def test_an_unreachable_ingest_exits_3(deployment):
    url = f"http://127.0.0.1:{free_port()}"

    result = deployment.run("send", "--url", url)

    assert (result.exit_code, result.stdout, result.stderr) == (
        3,
        "",
        f"Error: {url} does not answer (ConnectionError): is the address right, and"
        " does ingest run?\n",
    )


def test_send_without_a_stack_exits_3(deployment):
    (deployment.folder / "stack.json").unlink()

    result = deployment.run("send")

    assert (result.exit_code, result.stdout, result.stderr) == (
        3,
        "",
        "Error: No local stack is running: start it with make run\n",
    )


def test_an_unknown_sample_or_invalid_json_exits_2(deployment, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text("{")

    unknown = deployment.run("send", "--event", "rocket")
    misspelt = deployment.run("send", "--event", "catalog_product_crate")
    invalid = deployment.run("send", "--file", str(broken))

    assert (unknown.exit_code, invalid.exit_code) == (2, 2)
    assert "no sample of rocket: choose one of catalog_product_create" in unknown.stderr
    assert (
        "no sample of catalog_product_crate: did you mean catalog_product_create or"
    ) in misspelt.stderr
    assert "broken.json is not JSON: " in invalid.stderr
