"""What is written about the deployment agrees with it."""

import json
import re
import subprocess
import sys

from tests.terraform.workspace import CONFIGURATION, ROOT

DEPLOY = ROOT / "docs" / "deploy.md"


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


def test_costs_add_up():
    page = DEPLOY.read_text()
    table = page.partition("| a month |")[2].partition("\n\n")[0]
    rows = [
        [cell.strip(" *").replace(",", "") for cell in line.strip("|").split("|")]
        for line in table.splitlines()[3:]
    ]
    *parts, together = [[float(cell) for cell in row[1:]] for row in rows]
    assert len(parts) == 7
    assert [round(sum(column), 2) for column in zip(*parts, strict=True)] == together


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


def test_every_secret_is_named_in_the_guide():
    page = DEPLOY.read_text()
    text = (CONFIGURATION / "secrets.tf").read_text()
    secrets = set(re.findall(r'"([A-Z]+_[A-Z_]+)"', text))
    assert len(secrets) == 7
    assert [name for name in secrets if f"`{name}`" not in page] == []
