"""A second apply changes nothing, and no value of a secret is written anywhere."""

import json
import os
import re
import subprocess
import zipfile

import pytest

from tests.terraform.conftest import IMS
from tests.terraform.workspace import CONFIGURATION, TERRAFORM, VALUES


@pytest.mark.parametrize("name", ["whole", "ims"])
def test_second_apply_changes_nothing(started, name):
    plan = started[name].result().plans["plan"]
    actions = [
        (change["address"], change["change"]["actions"])
        for change in plan["resource_changes"]
    ]
    assert [one for one in actions if one[1] not in (["no-op"], ["read"])] == []
    assert len(actions) > 90


@pytest.mark.parametrize("name", ["whole", "ims"])
def test_no_state_or_plan_holds_a_secret(started, name):
    tested = started[name].result()
    secrets = [*VALUES["secrets"].values(), *IMS["secrets"].values()]
    written = json.dumps([tested.states, tested.plans])
    assert "commerce-COMMERCE" in written or "commerce-OAUTH" in written
    assert [secret for secret in secrets if secret in written] == []


def test_scenario_with_secrets_really_hands_them_over(started):
    tested = started["ims"].result()
    versions = [
        one["values"]["secret_data_wo_version"]
        for one in tested.states["apply"]["root_module"]["resources"]
        if one["type"] == "google_secret_manager_secret_version"
    ]
    assert versions == ["1", "1"]


def test_a_saved_plan_holds_no_value_handed_over(tmp_path):
    """A variable that is only ``sensitive`` stands in clear in a saved plan."""
    text = (CONFIGURATION / "variables.tf").read_text()
    block = re.search(r'^variable "secrets" \{\n.*?^\}\n', text, re.M | re.S)[0]
    (tmp_path / "main.tf").write_text(
        f'{block}\nvariable "other" {{}}\noutput "other" {{ value = var.other }}\n'
    )
    done = subprocess.run(
        [TERRAFORM, f"-chdir={tmp_path}", "plan", "-input=false", "-out=saved"],
        env=os.environ
        | {"TF_VAR_secrets": '{ A = "handed-over" }', "TF_VAR_other": "told"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "saved") as saved:
        written = b"".join(saved.read(name) for name in saved.namelist())
    assert b"told" in written
    assert b"handed-over" not in written
