"""What is written about the deployment agrees with it."""

import re
import subprocess
import sys

from tests.terraform.workspace import CONFIGURATION


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
    assert tested.runs == {"first": "pass", "second": "pass"}, tested.said


def test_every_line_of_the_example_works(started):
    tested = started["example in full"].result()
    assert tested.runs == {"first": "pass", "second": "pass"}, tested.said
    names = [
        one["values"]["name"]
        for one in tested.states["first"]["root_module"]["resources"]
        if one["type"] == "google_pubsub_topic"
    ]
    assert "shop2-product" in names


def test_refusal_of_a_missing_secret_prints_the_commands(started):
    tested = started["no secret"].result()
    assert tested.runs["first"] == "error"
    for command in (
        "export TF_VAR_secrets='{ INGEST_TOKENS = ",
        "terraform apply -target='google_secret_manager_secret.main[",
        "gcloud secrets versions add commerce-INGEST_TOKENS --project=acme-shop",
        "secret_versions = { INGEST_TOKENS = ",
    ):
        assert command in tested.said.replace('\\"', '"').replace("\\n", "\n")
