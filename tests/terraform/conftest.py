"""The Terraform runs that the tests inspect: started at once, and shared."""

import json
import re
import sys

import pytest

from local.processes import Process, Program, base_environment
from tests.terraform.provider_proxy import proxies
from tests.terraform.workspace import (
    CONFIGURATION,
    DEFAULTS,
    VALIDATIONS,
    Run,
    Workspace,
)

MOST_OPTIONS = {
    "alert_emails": ["ops@example.com"],
    "labels": {"team": "shop"},
    "outbound": {
        "settings": {
            "TARGET_OAUTH_CLIENT_ID": "id",
            "TARGET_OAUTH_TOKEN_URL": "https://erp.example.com/token",
        },
        "target_auth": "oauth",
        "target_url": "https://erp.example.com/events",
    },
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
        "TARGET_SECRETS": "recognisable-8",
        "TARGET_OAUTH_CLIENT_SECRET": "recognisable-9",
    },
}
# Two secrets are empty and one is missing.
INCOMPLETE_SECRETS = {"ledger_key": "", "secrets": {"OAUTH_CLIENT_SECRET": ""}}
TEST_FILES = sorted(path.name for path in CONFIGURATION.glob("tests/*.tftest.hcl"))


def pytest_collection_modifyitems(items):
    """All tests here need terraform, and those that plan need its providers."""
    for item in items:
        if "tests/terraform/" in item.path.as_posix():
            item.add_marker(pytest.mark.terraform)
            if "workspace" in item.fixturenames:
                item.add_marker(pytest.mark.providers)


@pytest.fixture(scope="session")
def running_providers(tmp_path_factory):
    """The providers, started once for all runs; how Terraform connects to them."""
    with proxies(tmp_path_factory.mktemp("plugins")) as variables:
        yield variables


@pytest.fixture(scope="session")
def workspace(tmp_path_factory, running_providers):
    """The configuration, initialised once."""
    folder = tmp_path_factory.mktemp("terraform") / "copy"
    workspace = Workspace(folder, running_providers)
    workspace.initialise()
    return workspace


@pytest.fixture(scope="session")
def started(workspace, tmp_path_factory, running_providers):
    """Futures by name: scenarios and test files, the longest first."""
    started = {name: workspace.test(name) for name in TEST_FILES if name != VALIDATIONS}
    started["defaults"] = started[DEFAULTS]
    grown = _grown(tmp_path_factory.mktemp("grown") / "copy", running_providers)
    without = {"ledger_key": "", "secrets": {}, "outbound": None}
    runs = {
        "example": Run("plan", without, _whole_example()),
        "apply": Run("apply"),
        # It fails, so it is the last.
        "incomplete": Run(
            "plan",
            INCOMPLETE_SECRETS,
            target="google_secret_manager_secret_version.main",
        ),
    }
    started["grown"] = grown.scenario("grown", runs, **IMS, **MOST_OPTIONS)
    validations = Workspace(tmp_path_factory.mktemp("validations") / "copy", {})
    validations.without_provider()
    return started | {VALIDATIONS: validations.test(VALIDATIONS)}


def _whole_example():
    """The example of values with every line; it declares a version of each secret."""
    text = (CONFIGURATION / "terraform.tfvars.example").read_text()
    return re.sub(r"^# (?=[a-z_]+ += |  [A-Z_]+ += |\})", "", text, flags=re.MULTILINE)


def _grown(folder, providers):
    """A copy whose catalogue has one more entity, in a domain of its own."""
    grown = Workspace(folder, providers)
    grown.initialise()
    path = grown.folder / "functions" / "events" / "catalog.json"
    catalog = json.loads(path.read_text())
    refund = {"domain": "finance", "direction": "inbound", "events": {}}
    path.write_text(json.dumps(catalog | {"refund": refund}))
    return grown


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    """The address of a local Pub/Sub broker; each test has a project of its own."""
    program = Program(
        "broker",
        [sys.executable, "-m", "local.broker", "--port", "0"],
        base_environment(),
        log=tmp_path_factory.mktemp("broker") / "log",
    )
    with Process(program) as process:
        yield process.address
