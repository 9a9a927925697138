"""The examples of docs/ingest.md, run against ingest."""

import base64
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import markdown
from tests.support.ingest_authentication import ERP, SECRETS
from tests.support.ingest_server import process

EXAMPLES = markdown.section(markdown.read("docs/ingest.md"), "Examples")
PUBLISHED = "Event published successfully"


def example(heading: str) -> str:
    """The code below *heading*."""
    [code] = re.findall(
        rf"^{re.escape(heading)}:\n\n```\w*\n(.*?)```", EXAMPLES, re.M | re.S
    )
    return code


def run(command: list[str], **environment: str) -> str:
    """What *command* writes to standard output."""
    done = subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


def run_shell(code: str, url: str, **environment: str) -> str:
    return run(["bash", "-euc", code.replace("https://<ingest>", url)], **environment)


@pytest.fixture(scope="module")
def token_url(shared_pubsub):
    settings = {"INGEST_AUTH": "token", "INGEST_TOKENS": f"erp:{ERP}"}
    with process(shared_pubsub.address, **settings) as running:
        yield "http://{}:{}".format(*running.address)


@pytest.fixture(scope="module")
def hmac_url(shared_pubsub):
    settings = {"INGEST_AUTH": "hmac", "INGEST_HMAC_SECRETS": f"erp:{SECRETS[0]}"}
    with process(shared_pubsub.address, LEDGER="memory", **settings) as running:
        yield "http://{}:{}".format(*running.address)


def test_curl_posts_with_a_token(token_url, pubsub):
    assert PUBLISHED in run_shell(example("curl"), token_url, TOKEN=ERP)


def test_curl_may_offer_http_2(token_url, pubsub):
    code = example("curl").replace("curl ", "curl -s --http2 ")

    assert PUBLISHED in run_shell(code, token_url, TOKEN=ERP)


def test_curl_signs_an_event(hmac_url, pubsub):
    output = run_shell(example("curl, signed"), hmac_url, SECRET=SECRETS[0])

    assert PUBLISHED in output
    [(_, message)] = pubsub.published
    assert message.attributes["webhook-id"] == "msg_4711"


def test_curl_signs_the_status_of_an_event(hmac_url):
    """404 without a delivery, since its ledger is empty; unsigned, a 401."""
    code = example("curl, the status of an event, signed")
    wrong = "whsec_" + base64.b64encode(b"x" * 32).decode()

    assert "not seen yet" in run_shell(code, hmac_url, SECRET=SECRETS[0])
    assert "Unauthorized" in run_shell(code, hmac_url, SECRET=wrong)


@pytest.mark.java
def test_java_posts_with_a_token(token_url, pubsub, tmp_path: Path):
    """Its HttpClient offers h2c with the first request over plain HTTP."""
    source = tmp_path / "PostEvent.java"
    source.write_text(example("Java 17").replace("https://<ingest>", token_url))
    # Compiled and run by one process, which optimises little because it ends soon.
    command = [shutil.which("java"), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]

    output = run([*command, str(source)], TOKEN=ERP)

    assert output.startswith("200 ")
    assert PUBLISHED in output
    [(_, message)] = pubsub.published
    assert message.data == b'{"id":15}'
