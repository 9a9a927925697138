"""Every Terraform run that the tests look at, started at once and shared."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from tests.terraform.workspace import CONFIGURATION, ROOT, VALUES, Workspace

OPEN_TO_ALL = {
    "alert_emails": ["ops@example.com"],
    "labels": {"team": "shop"},
    "status_endpoint": True,
}
IMS = {
    "commerce_base_url": "https://na1.api.commerce.adobe.com/tenant/",
    "commerce_settings": {
        "OAUTH_CLIENT_ID": "id",
        "OAUTH_ORG_ID": "org",
    },
    "ingest_auth": "hmac",
    "secrets": {
        "INGEST_HMAC_SECRETS": "recognisable-6",
        "OAUTH_CLIENT_SECRET": "recognisable-7",
    },
}
PROMISES = sorted(path.name for path in CONFIGURATION.glob("tests/*.tftest.hcl"))


def pytest_collection_modifyitems(items):
    """All tests here need terraform, and those that plan need its providers."""
    for item in items:
        if "tests/terraform/" in item.path.as_posix():
            item.add_marker(pytest.mark.terraform)
            if "workspace" in item.fixturenames:
                item.add_marker(pytest.mark.providers)


@pytest.fixture(scope="session")
def workspace(tmp_path_factory):
    """The configuration, initialised."""
    workspace = Workspace(tmp_path_factory.mktemp("terraform") / "copy")
    workspace.initialise()
    return workspace


@pytest.fixture(scope="session")
def started(workspace, tmp_path_factory):
    """Futures by name: the scenarios and the promises' files."""
    started = {
        "whole": workspace.scenario("whole", "apply", "plan", **OPEN_TO_ALL),
        "ims": workspace.scenario("ims", "apply", "plan", **IMS),
    }
    example = (CONFIGURATION / "terraform.tfvars.example").read_text()
    started["example"] = workspace.example("example", example, VALUES["secrets"])
    started["example in full"] = workspace.example(
        "full",
        re.sub(r"^# (?=[a-z_]+ += |  [A-Z_]+ += |\})", "", example, flags=re.MULTILINE),
        {},  # it declares a version of each
    )
    started["no secret"] = workspace.scenario("no_secret", "plan", secrets={})
    grown = _grown(workspace, tmp_path_factory.mktemp("grown") / "copy")
    started["grown"] = grown.scenario("grown", "apply")
    return started | {name: workspace.test(name) for name in PROMISES}


def _grown(workspace, folder):
    """A copy whose catalogue has one entity more, of a domain of its own."""
    grown = Workspace(folder)
    shutil.copytree(
        workspace.folder / "data", grown.folder / "data", symlinks=True
    )  # initialised already
    shutil.copyfile(
        workspace.configuration / ".terraform.lock.hcl",
        grown.configuration / ".terraform.lock.hcl",
    )
    path = grown.folder / "functions" / "events" / "catalog.json"
    catalog = json.loads(path.read_text())
    path.write_text(
        json.dumps(catalog | {"refund": {"domain": "finance", "events": {}}})
    )
    return grown


@pytest.fixture
def broker():
    """Address of a Pub/Sub on this machine."""
    process = subprocess.Popen(
        [sys.executable, "-m", "local.broker", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    first = process.stdout.readline()
    assert first.startswith("listening on "), first
    yield first.split()[-1]
    process.terminate()
    process.communicate(timeout=20)
