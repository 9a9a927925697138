"""The configuration is well-formed, and every run of its test files passes."""

import re
import subprocess

import pytest

from tests.terraform.conftest import TEST_FILES
from tests.terraform.workspace import CONFIGURATION, TERRAFORM

RUNS = [
    (name, run)
    for name in TEST_FILES
    for run in re.findall(
        r'^run "(\w+)"', (CONFIGURATION / "tests" / name).read_text(), re.MULTILINE
    )
]


def test_files_are_formatted():
    done = subprocess.run(
        [TERRAFORM, f"-chdir={CONFIGURATION}", "fmt", "-check", "-diff", "-recursive"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(("name", "run"), RUNS)
def test_run_passes(started, name, run):
    tested = started[name].result()
    assert tested.runs.get(run) == "pass", tested.output


@pytest.mark.parametrize("file", ["variables", "variables_protection", "outputs"])
def test_variables_and_outputs_are_sorted(file):
    text = (CONFIGURATION / f"{file}.tf").read_text()
    names = re.findall(r'^(?:variable|output) "(\w+)"', text, re.MULTILINE)
    assert names == sorted(names)
    assert len(names) > 5


def test_each_suppression_of_checkov_has_a_reason():
    lines = [
        line
        for path in CONFIGURATION.rglob("*.tf")
        for line in path.read_text().splitlines()
        if "checkov" in line
    ]
    assert len(lines) > 5
    for line in lines:
        assert re.fullmatch(r"  #checkov:skip=CKV2?_GCP_\d+:[^:]{30,}", line), line


def test_provider_sets_the_labels():
    """The provider labels every resource, so none can lack them."""
    text = (CONFIGURATION / "versions.tf").read_text()
    provider = re.search(r'^provider "google" \{\n(.*?)^}', text, re.M | re.S)[1]
    assert re.search(r"^  default_labels = local\.labels$", provider, re.M)


def test_only_four_variables_have_no_default():
    files = sorted(CONFIGURATION.glob("variables*.tf"))
    text = "".join(path.read_text() for path in files)
    blocks = re.findall(
        r'^variable "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL
    )
    required = [
        name for name, body in blocks if not re.search(r"^  default ", body, re.M)
    ]
    assert required == ["commerce_base_url", "ingest_auth", "project_id", "region"]
