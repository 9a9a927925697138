"""The configuration is well-formed, and each of its promises holds."""

import re
import subprocess

import pytest

from tests.terraform.conftest import PROMISES
from tests.terraform.workspace import CONFIGURATION, TERRAFORM

RUNS = [
    (name, run)
    for name in PROMISES
    for run in re.findall(
        r'^run "(\w+)"', (CONFIGURATION / "tests" / name).read_text(), re.MULTILINE
    )
]


# Not among the checks: tflint, which neither Python's nor Debian's packages have, and
# checkov. That one could not read two of the files, asks a server of its maker for
# guidelines, and found eight things, each a decision that stands: ingest is public
# (ingest_invokers), the consumers are closed by IAM and not by the network, and keys,
# access logs and versions of what can be built again are Google's defaults.


def test_files_are_formatted():
    done = subprocess.run(
        [TERRAFORM, f"-chdir={CONFIGURATION}", "fmt", "-check", "-diff", "-recursive"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_configuration_is_valid(workspace):
    done = workspace.terraform("validate", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("name", "run"), RUNS)
def test_promise_holds(started, name, run):
    tested = started[name].result()
    assert tested.runs.get(run) == "pass", tested.said


@pytest.mark.parametrize("kind", ["variable", "output"])
def test_variables_and_outputs_are_in_alphabetical_order(kind):
    text = (CONFIGURATION / f"{kind}s.tf").read_text()
    names = re.findall(rf'^{kind} "(\w+)"', text, re.MULTILINE)
    assert names == sorted(names)
    assert len(names) > 5


def test_everything_that_takes_labels_gets_them():
    """By the provider, so that a resource cannot be forgotten."""
    text = (CONFIGURATION / "versions.tf").read_text()
    provider = re.search(r'^provider "google" \{\n(.*?)^}', text, re.M | re.S)[1]
    assert re.search(r"^  default_labels = local\.labels$", provider, re.M)


def test_no_more_than_four_values_have_no_default():
    text = (CONFIGURATION / "variables.tf").read_text()
    blocks = re.findall(
        r'^variable "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL
    )
    without = [
        name for name, body in blocks if not re.search(r"^  default ", body, re.M)
    ]
    assert without == ["commerce_base_url", "ingest_auth", "project_id", "region"]
