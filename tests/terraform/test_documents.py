"""What is written about the deployment agrees with it."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from tests.terraform.workspace import CONFIGURATION, ROOT, TERRAFORM

DEPLOY = ROOT / "docs" / "deploy.md"
COSTS = ROOT / "docs" / "costs.md"


def test_tables_of_the_readme_are_fresh():
    done = subprocess.run(
        [sys.executable, CONFIGURATION / "readme.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_variable_and_output_is_described_in_the_readme():
    page = (CONFIGURATION / "README.md").read_text()
    for kind in ("variable", "output"):
        text = (CONFIGURATION / f"{kind}s.tf").read_text()
        for name in re.findall(rf'^{kind} "(\w+)"', text, re.MULTILINE):
            assert re.search(rf"^\| `{name}` \| \w.{{20,}}\|$", page, re.MULTILINE), (
                name
            )


def test_example_of_a_shared_state_is_well_formed():
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


def test_every_file_is_named_in_the_readme():
    page = (CONFIGURATION / "README.md").read_text()
    files = {path.name for path in CONFIGURATION.glob("*.tf")} - {"outputs.tf"}
    assert [name for name in sorted(files) if f"`{name}`" not in page] == []


def test_example_of_values_works_as_it_stands(started):
    tested = started["example"].result()
    assert tested.runs == {"plan": "pass"}, tested.said


def test_every_line_of_the_example_works(started):
    tested = started["example in full"].result()
    assert tested.runs == {"plan": "pass"}, tested.said
    names = [
        one["change"]["after"]["name"]
        for one in tested.plans["plan"]["resource_changes"]
        if one["type"] == "google_pubsub_topic"
    ]
    assert "shop2-product" in names


def test_refusal_of_a_missing_secret_prints_the_commands(started):
    tested = started["no secret"].result()
    assert tested.runs["plan"] == "error"
    for command in (
        "export TF_VAR_secrets='{ INGEST_TOKENS = ",
        "terraform -chdir=terraform apply -target='google_secret_manager_secret.main[",
        "gcloud secrets versions add commerce-INGEST_TOKENS --project=acme-shop",
        "secret_versions = { INGEST_TOKENS = ",
    ):
        assert command in tested.said.replace('\\"', '"').replace("\\n", "\n")


def test_outage_arithmetic_follows_the_delivery_numbers():
    delivery = json.loads((ROOT / "functions/events/delivery.json").read_text())
    wait, waits = delivery["minimum_backoff_seconds"], []
    for _ in range(delivery["max_delivery_attempts"] - 1):
        waits.append(min(wait, delivery["maximum_backoff_seconds"]))
        wait *= 2
    doubling = [one for one in waits if one < delivery["maximum_backoff_seconds"]]
    longest = len(waits) - len(doubling)
    hours, minutes = divmod(round(sum(waits) / 60), 60)
    sentence = (
        f"{' + '.join(map(str, doubling))} = {sum(doubling)} s for the first six waits,"
        f" then {longest} × {delivery['maximum_backoff_seconds']} s"
        f" = {sum(waits) - sum(doubling):,} s; together {sum(waits):,} s,"
        f" or {hours} h {minutes} min."
    )
    assert sentence in DEPLOY.read_text()


def test_costs_follow_from_prices_and_loads(started):
    """Every number of the page's table, by the arithmetic that the page gives."""
    page = COSTS.read_text()
    table = page.partition("| a month |")[2].partition("\n\n")[0]
    rows = [
        [cell.strip(" *") for cell in line.strip("|").split("|")]
        for line in table.splitlines()[3:]
    ]
    found = {
        name: [float(cell.replace(",", "")) for cell in cells] for name, *cells in rows
    }
    gib, month = 2**30, 30 * 24 * 3600
    policies = [
        one
        for one in started["whole"].result().states["apply"]["root_module"]["resources"]
        if one["type"] == "google_monitoring_alert_policy"
    ]
    fixed = round(0.10 * 3 + 0.10 * len(policies) + 0.35 * 3)

    def over(used, free):
        return max(used - free, 0)

    wanted = {name: [] for name in found}
    for events_a_second, instances in ((0, 0), (1, 0.5), (10, 3), (100, 21)):
        events, seconds = events_a_second * month, instances * month
        parts = {
            "Cloud Run, instance time": over(seconds, 180_000) * 0.000024
            + over(seconds / 2, 360_000) * 0.0000025,
            "Cloud Run, requests": over(2 * events, 2e6) * 0.40 / 1e6,
            "Pub/Sub": over(3000 * events, 10 * gib) * 40 / 2**40,
            "Firestore, operations": events * (3 * 0.03 + 3 * 0.09 + 2 * 0.01) / 1e5,
            "Firestore, storage": events / 30 * 35 * 2000 / gib * 0.15,
            "Logging": over(3000 * events, 50 * gib) / gib * 0.50,
            "Fixed": fixed,
        }
        parts["together"] = sum(round(part, 2) for part in parts.values())
        for name, part in parts.items():
            wanted[name].append(pytest.approx(part, abs=0.011))
    assert found == wanted
    idle, one, ten, _ = (round(number) for number in found["together"])
    told = f"{idle} US dollars a month idle, {one} at 1 event/s and {ten} at 10"
    assert told in DEPLOY.read_text()


def test_guide_names_only_commands_and_values_that_exist():
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


def test_secrets_are_handed_over_as_the_guide_does(tmp_path):
    """The lines of the guide, pasted into a shell, give what Terraform takes."""
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
    said, handed_over = done.stdout.splitlines()
    assert said == "token of the ERP: 0123456789abcdef"
    assert json.loads(json.loads(handed_over)) == {
        "COMMERCE_CONSUMER_KEY": "key-1",
        "COMMERCE_CONSUMER_SECRET": "secret-2",
        "COMMERCE_ACCESS_TOKEN": "token-3",
        "COMMERCE_ACCESS_TOKEN_SECRET": "token-secret-4",
        "INGEST_TOKENS": "erp:0123456789abcdef",
    }


def anchors(page):
    """What a link may name behind its # on this page."""
    return {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    }


def test_links_of_the_guide_lead_somewhere():
    links = re.findall(r"\]\((?!https:)([^)#]*)#?([^)]*)\)", DEPLOY.read_text())
    assert len(links) > 5
    for page, anchor in links:
        target = DEPLOY.parent / page if page else DEPLOY
        assert target.is_file(), page
        assert not anchor or anchor in anchors(target), (page, anchor)


def test_every_secret_is_named_in_the_guide():
    page = DEPLOY.read_text()
    text = (CONFIGURATION / "secrets.tf").read_text()
    secrets = set(re.findall(r'"([A-Z]+_[A-Z_]+)"', text))
    assert len(secrets) == 7
    assert [name for name in secrets if f"`{name}`" not in page] == []
