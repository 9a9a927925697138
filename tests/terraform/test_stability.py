"""A second apply changes nothing, and nothing contains the value of a secret."""

import json
import os
import re
import subprocess
import zipfile

import pytest

from tests.terraform.conftest import IMS
from tests.terraform.workspace import CONFIGURATION, PROTECTION, TERRAFORM, VALUES


def test_second_apply_changes_nothing(started):
    """With every option of variables_protection.tf, and the outbound direction."""
    plan = started[PROTECTION].result().plans["again"]
    actions = [
        (change["address"], change["change"]["actions"])
        for change in plan["resource_changes"]
    ]
    assert [one for one in actions if one[1] not in (["no-op"], ["read"])] == []
    assert len(actions) > 90


def test_protection_sets_every_option():
    """So that the second plan above has each of them."""
    text = (CONFIGURATION / "variables_protection.tf").read_text()
    options = re.findall(r'^variable "(\w+)"', text, re.M)
    tested = (CONFIGURATION / "tests" / PROTECTION).read_text()
    assert [
        one for one in options if not re.search(rf"^  {one} +=", tested, re.M)
    ] == []
    assert len(options) == 10


@pytest.mark.parametrize("name", ["defaults", "grown", PROTECTION])
def test_no_state_or_plan_contains_a_secret(started, name):
    tested = started[name].result()
    secrets = [*VALUES["secrets"].values(), *IMS["secrets"].values()]
    secrets += [VALUES["ledger_key"], "made-up"]
    written = json.dumps([tested.states, tested.plans])
    assert "commerce-COMMERCE" in written or "commerce-OAUTH" in written
    assert [secret for secret in secrets if secret in written] == []


def test_scenario_writes_its_secrets(started):
    tested = started["grown"].result()
    versions = [
        one["values"]["secret_data_wo_version"]
        for one in tested.states["apply"]["root_module"]["resources"]
        if one["type"] == "google_secret_manager_secret_version"
    ]
    assert versions == ["1"] * 5


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("secrets", '{ A = "made-up-value" }'),
        ("ledger_key", "made-up-value-0123456789-0123456789"),
    ],
)
def test_saved_plan_contains_no_secret(tmp_path, variable, value):
    """A saved plan contains a variable that is ``sensitive`` but not ephemeral."""
    text = (CONFIGURATION / "variables.tf").read_text()
    block = re.search(rf'^variable "{variable}" \{{\n.*?^\}}\n', text, re.M | re.S)[0]
    block = re.sub(r"^  validation \{\n.*?^  \}\n", "", block, flags=re.M | re.S)
    (tmp_path / "main.tf").write_text(
        f'{block}\nvariable "other" {{}}\noutput "other" {{ value = var.other }}\n'
    )
    done = subprocess.run(
        [TERRAFORM, f"-chdir={tmp_path}", "plan", "-input=false", "-out=saved"],
        env=os.environ | {f"TF_VAR_{variable}": value, "TF_VAR_other": "plain-value"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "saved") as saved:
        written = b"".join(saved.read(name) for name in saved.namelist())
    assert b"plain-value" in written
    assert b"made-up-value" not in written
