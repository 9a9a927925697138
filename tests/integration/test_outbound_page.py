"""The snippets of docs/outbound.md, run as a reader would run them."""

import base64
import json
import os
import re
import subprocess
import sys
import time

import pytest

from functions.events import samples
from functions.standard_webhooks import sign
from tests.support import markdown
from tests.support.ingest_pubsub import FakePubSub
from tests.support.markdown import ROOT
from tests.support.target_kit import EVENT, NEW_SECRET, SECRET

PAGE = markdown.read("docs/outbound.md")
CONTENT = EVENT.encode({"name": "Lampe für 5 €", "of": "Jörg"})
# Each reads cases from standard input, and prints whether each verifies.
HARNESSES = {
    "python": """
import base64 as b64, sys
for headers, body in json.load(sys.stdin):
    try:
        print(verified(headers, b64.b64decode(body))["data"]["name"] == "Lampe für 5 €")
    except Exception:
        print(False)
""",
    "javascript": """
const cases = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
for (const [headers, body] of cases) {
  try {
    const event = verified(headers, Buffer.from(body, "base64"));
    console.log(event.data.name === "Lampe für 5 €" ? "True" : "wrong");
  } catch {
    console.log("False");
  }
}
""",
    "php": """
foreach (json_decode(stream_get_contents(STDIN), true) as [$headers, $body]) {
    try {
        $event = verified($headers, base64_decode($body));
        echo $event['data']['name'] === 'Lampe für 5 €' ? 'True' : 'wrong', "\\n";
    } catch (Throwable $error) {
        echo "False\\n";
    }
}
""",
}
COMMANDS = {"python": sys.executable, "javascript": "node", "php": "php"}


def webhook(secrets=(SECRET,), age=0, content=CONTENT, **changes):
    """Headers and body as they arrive."""
    timestamp = int(time.time()) - age
    headers = {
        "webhook-id": EVENT.webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secrets, EVENT.webhook_id, timestamp, CONTENT),
    }
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    return headers, base64.b64encode(content).decode()


def valid_webhooks():
    """Made when they are needed: a signature is valid for five minutes."""
    return [
        webhook(),
        webhook([NEW_SECRET, SECRET]),
        webhook([NEW_SECRET]),
        webhook(age=200),
    ]


def invalid_webhooks():
    return [
        webhook(["whsec_" + "b3RoZXItc2VjcmV0LW9mLWFueW9uZS0w"]),
        webhook(age=400),
        webhook(age=-400),
        webhook(content=CONTENT + b" "),
        webhook(webhook_id="another"),
        webhook(webhook_timestamp="now"),
        webhook(webhook_signature="v1,"),
        webhook(webhook_signature=""),
    ]


@pytest.mark.parametrize(
    "language",
    [
        "python",
        pytest.param("javascript", marks=pytest.mark.node),
        pytest.param("php", marks=pytest.mark.php),
    ],
)
def test_a_receiver_verifies_webhooks(language, tmp_path):
    text = markdown.section(PAGE, "Verify a webhook")
    [snippet] = re.findall(rf"```{language}\n(.*?)```", text, re.S)
    program = tmp_path / "receiver.cjs"
    program.write_text(snippet + HARNESSES[language])

    valid, invalid = valid_webhooks(), invalid_webhooks()
    done = subprocess.run(
        [COMMANDS[language], str(program)],
        input=json.dumps([*valid, *invalid]),
        env={"PATH": os.environ["PATH"], "SECRETS": f"{SECRET},{NEW_SECRET}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    expected = ["True"] * len(valid) + ["False"] * len(invalid)
    assert done.stdout.split() == expected, done.stderr


def test_events_of_the_journal_are_published(tmp_path):
    """Again as ``commerce_events`` publishes them; an invalid one is named."""
    text = markdown.section(PAGE, "Replay from Adobe's Journal")
    [snippet] = re.findall(r"page\.json <<'END'\n(.*?)   END\n", text, re.S)
    order = samples.value("commerce.order.created")
    entries = [
        {
            "position": f"penguin:{number}",
            "event": {
                "specversion": "1.0",
                "id": f"e{number}",
                "source": "urn:uuid:p1",
                "type": f"com.adobe.commerce.observer.{name}",
                "time": "2026-03-04T16:20:06.000Z",
                "data": {"key": "1", "value": value},
            },
        }
        for number, (name, value) in enumerate(
            [("sales_order_save_commit_after", order), ("rocket_launched", {})]
        )
    ]
    page = tmp_path / "page.json"
    page.write_text(json.dumps({"events": entries, "_page": {}}))
    with FakePubSub() as pubsub:
        done = subprocess.run(
            [sys.executable, "-c", re.sub(r"^   ", "", snippet, flags=re.M), str(page)],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "GOOGLE_CLOUD_PROJECT": "p",
                "PUBSUB_EMULATOR_HOST": pubsub.address,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "published: e0"
    assert "Unknown event type" in done.stdout
    [(topic, message)] = pubsub.published
    assert topic == "projects/p/topics/commerce-outbound-order"
    assert (message.attributes["ce-id"], message.ordering_key) == (
        "e0",
        "outbound-order:41",
    )
    assert json.loads(message.data) == order
