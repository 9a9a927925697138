"""The pages about the deployment agree with it."""

import json
import re
import shutil
import subprocess

from tests.terraform.workspace import CONFIGURATION, ROOT, TERRAFORM
from tools import costs

DEPLOY = ROOT / "docs" / "deploy.md"


def test_readme_describes_variables_and_outputs():
    page = (CONFIGURATION / "README.md").read_text()
    for file in ("variables", "variables_protection", "outputs"):
        text = (CONFIGURATION / f"{file}.tf").read_text()
        names = re.findall(r'^(?:variable|output) "(\w+)"', text, re.MULTILINE)
        for name in names:
            assert re.search(rf"^\| `{name}` \| \w.{{20,}}\|$", page, re.MULTILINE), (
                name
            )


def test_example_of_a_shared_state_is_hcl():
    text = (CONFIGURATION / "versions.tf").read_text()
    opened = re.sub(r"^  # (?=(  )?[a-z]+ += |backend |\})", "  ", text, flags=re.M)
    assert re.search(r'^  backend "gcs" \{$', opened, re.M)
    done = subprocess.run(
        [TERRAFORM, "fmt", "-"],
        input=opened,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, opened), done.stderr


def test_readme_names_every_file():
    page = (CONFIGURATION / "README.md").read_text()
    files = {path.name for path in CONFIGURATION.glob("*.tf")} - {"outputs.tf"}
    assert [name for name in sorted(files) if f"`{name}`" not in page] == []


def test_every_line_of_the_example_plans(started):
    tested = started["grown"].result()
    assert tested.runs["example"] == "pass", tested.output
    names = [
        one["change"]["after"]["name"]
        for one in tested.plans["example"]["resource_changes"]
        if one["type"] == "google_pubsub_topic" and one["change"]["after"]
    ]
    assert "shop2-product" in names


def test_guide_says_when_to_use_each_option():
    text = (CONFIGURATION / "variables_protection.tf").read_text()
    options = re.findall(r'^variable "(\w+)"', text, re.M)
    section = re.search(r"^## Protection\n(.*?)^## ", DEPLOY.read_text(), re.M | re.S)
    assert [one for one in options if f"`{one}" not in section[1]] == []


def test_error_of_a_missing_secret_has_the_commands(started):
    """A secret without a value and one with an empty value are reported alike."""
    tested = started["grown"].result()
    assert tested.runs["incomplete"] == "error"
    for command in (
        "export TF_VAR_secrets='{ INGEST_HMAC_SECRETS = ",
        "export TF_VAR_secrets='{ OAUTH_CLIENT_SECRET = ",
        "terraform -chdir=terraform apply -target='google_secret_manager_secret.main[",
        "gcloud secrets versions add commerce-INGEST_HMAC_SECRETS --project=acme-shop",
        "secret_versions = { INGEST_HMAC_SECRETS = ",
        "secret_versions = { LEDGER_KEY = ",
        "export TF_VAR_ledger_key=",
    ):
        assert command in tested.output.replace('\\"', '"').replace("\\n", "\n")


def test_outage_arithmetic_follows_delivery_json():
    delivery = json.loads((ROOT / "functions/events/delivery.json").read_text())
    wait, waits = delivery["minimum_backoff_seconds"], []
    for _ in range(delivery["max_delivery_attempts"] - 1):
        waits.append(min(wait, delivery["maximum_backoff_seconds"]))
        wait *= 2
    doubling = [one for one in waits if one < delivery["maximum_backoff_seconds"]]
    longest = len(waits) - len(doubling)
    hours, minutes = divmod(round(sum(waits) / 60), 60)
    page = DEPLOY.read_text()
    for figure in (
        f"{' + '.join(map(str, doubling))} = {sum(doubling)} s",
        f"{longest} × {delivery['maximum_backoff_seconds']} s"
        f" = {sum(waits) - sum(doubling):,} s",
        f"{sum(waits):,} s",
        f"{hours} h {minutes} min",
    ):
        assert figure in page


def test_costs_count_the_alerts(started):
    """The guide quotes the costs, which count a condition for each alert."""
    resources = started["defaults"].result().applied["root_module"]["resources"]
    alerts = [
        one for one in resources if one["type"] == "google_monitoring_alert_policy"
    ]
    assert len(alerts) == costs.ALERT_CONDITIONS
    section = re.search(r"^## .*costs?\n(.*?)^## ", DEPLOY.read_text(), re.M | re.S)[1]
    for rate in (1, 10, 100):
        total = sum(costs.monthly(costs.Load(rate), costs.Usage()).values())
        assert f"{total:,.0f}" in section


def test_guide_names_existing_commands_and_outputs():
    page = DEPLOY.read_text()
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert (
        set(re.findall(r"(?:`|^|\()make (?:-s )?([a-z-]+)", page, re.M)) - set(targets)
        == set()
    )
    outputs = re.findall(
        r'^output "(\w+)"', (CONFIGURATION / "outputs.tf").read_text(), re.MULTILINE
    )
    assert set(re.findall(r"output (\w+_\w+)", page)) - set(outputs) == set()


def test_secrets_are_set_as_the_guide_says(tmp_path):
    """Terraform accepts the lines of the guide, pasted into a shell."""
    page = DEPLOY.read_text()
    [lines] = [one for one in page.split("```") if "\nexport TF_VAR_secrets=" in one]
    text = (CONFIGURATION / "variables.tf").read_text()
    block = re.search(r'^variable "secrets" \{\n.*?^\}\n', text, re.M | re.S)[0]
    (tmp_path / "main.tf").write_text(block.replace("  ephemeral   = true\n", ""))
    console = f"{TERRAFORM} -chdir={tmp_path} console"
    done = subprocess.run(
        [
            shutil.which("bash"),
            "-euc",
            "openssl() { echo 0123456789abcdef; }\n"
            f"{lines}\necho 'jsonencode(nonsensitive(var.secrets))' | {console}",
        ],
        input="key-1\nsecret-2\ntoken-3\ntoken-secret-4\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    token, secrets = done.stdout.splitlines()
    assert token.endswith(": 0123456789abcdef")
    assert json.loads(json.loads(secrets)) == {
        "COMMERCE_CONSUMER_KEY": "key-1",
        "COMMERCE_CONSUMER_SECRET": "secret-2",
        "COMMERCE_ACCESS_TOKEN": "token-3",
        "COMMERCE_ACCESS_TOKEN_SECRET": "token-secret-4",
        "INGEST_TOKENS": "erp:0123456789abcdef",
    }


def anchors(page):
    """The anchors of the headings of a page."""
    return {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    }


def test_links_of_the_guide_have_targets():
    links = re.findall(r"\]\((?!https:)([^)#]*)#?([^)]*)\)", DEPLOY.read_text())
    assert len(links) > 5
    for page, anchor in links:
        target = DEPLOY.parent / page if page else DEPLOY
        assert target.is_file(), page
        assert not anchor or anchor in anchors(target), (page, anchor)


def test_guide_names_every_secret():
    page = DEPLOY.read_text()
    text = (CONFIGURATION / "settings.tf").read_text()
    text = text.partition("_target_secrets")[2].partition("secret_readers")[0]
    secrets = set(re.findall(r'"([A-Z]+_[A-Z_]+)"', text))
    assert len(secrets) == 10
    assert [name for name in secrets if f"`{name}`" not in page] == []
