"""``connect-commerce`` sets both sides up once, and shows what differs."""

import base64
import json

import pytest
import requests
from click.testing import CliRunner

from cli.commands import connect_commerce as command
from cli.connection_steps import ConnectionStep, sources
from tests.support.adobe_events_api import (
    PROVIDER_ID,
    WORKSPACE,
    AdobeAndCommerce,
)
from tests.support.commerce_adapter import PAAS

URL = "https://commerce-events-abc.run.app"
NAMES = {"instance": "shop_1", "merchant": "acme", "name": "production"}
CODES = {f"com.adobe.commerce.{source.name}" for source in sources()}


@pytest.fixture
def adobe():
    return AdobeAndCommerce()


@pytest.fixture
def workspace(tmp_path):
    path = tmp_path / "workspace.json"
    path.write_text(json.dumps(WORKSPACE))
    return command.read_workspace(path)


@pytest.fixture
def connect(adobe, workspace, capsys):
    """Runs the command; its status and the steps as ``{what: (state, detail)}``."""

    def run(with_workspace=True, url=URL, dry_run=False):
        session = requests.Session()
        session.mount("https://", adobe.adapter)
        file = workspace if with_workspace else None
        status = command.run(PAAS, True, url, file, NAMES, dry_run, session)
        lines = capsys.readouterr().out.splitlines()
        steps = [json.loads(line) for line in lines]
        return status, {one["what"]: (one["state"], one["detail"]) for one in steps}

    return run


def test_both_sides_are_set_up(connect, adobe):
    status, steps = connect()

    assert status == 0
    assert {state for state, _ in steps.values()} == {"done"}
    [provider] = adobe.providers
    assert provider["instance_id"] == "shop_1"
    assert {one["event_code"] for one in adobe.metadata} == CODES
    [registration] = adobe.registrations
    assert (registration["webhook_url"], registration["client_id"]) == (URL, "client-1")
    interest = registration["events_of_interest"]
    assert {one["event_code"] for one in interest} == CODES
    assert {one["provider_id"] for one in interest} == {PROVIDER_ID}
    assert adobe.configuration["provider_id"] == PROVIDER_ID
    assert json.loads(adobe.configuration["workspace_configuration"]) == WORKSPACE
    assert len(adobe.subscriptions) == len(CODES)


def test_each_subscription_has_the_fields_of_the_catalogue(connect, adobe):
    connect()

    subscribed = {
        one["name"]: [field["name"] for field in one["fields"]]
        for one in adobe.subscriptions
    }
    assert subscribed == {source.name: list(source.fields) for source in sources()}
    saved = subscribed["observer.sales_order_save_commit_after"]
    assert {"id", "_isNew", "created_at", "updated_at"} <= set(saved)


def test_metadata_has_a_sample_of_the_event(connect, adobe):
    connect()

    for one in adobe.metadata:
        sample = json.loads(base64.b64decode(one["sample_event_template"]))
        assert isinstance(sample["value"], dict)


def test_a_second_run_changes_nothing(connect, adobe):
    connect()
    adobe.changes.clear()

    status, steps = connect()

    assert (status, adobe.changes) == (0, [])
    assert {state for state, _ in steps.values()} == {"kept"}
    name = "subscription observer.sales_order_save_commit_after"
    assert steps[name] == ("kept", "already subscribed")


def test_a_dry_run_changes_nothing(connect, adobe):
    status, steps = connect(dry_run=True)

    assert (status, adobe.changes) == (0, [])
    assert steps["provider"][0] == "planned"
    assert steps["registration"] == ("planned", URL)
    assert steps["subscription observer.customer_save_commit_after"][0] == "planned"


def test_an_older_module_is_subscribed_without_is_new(connect, adobe):
    adobe.rejected_fields = {"_isNew"}

    status, steps = connect()

    assert status == 0
    state, detail = steps["subscription observer.customer_save_commit_after"]
    assert state == "done"
    assert detail.endswith("without _isNew, which this store rejects")
    assert len(adobe.subscriptions) == len(CODES)


def test_an_existing_subscription_is_left_and_compared(connect, adobe):
    adobe.subscriptions = [
        {
            "name": "com.adobe.commerce.observer.catalog_product_save_commit_after",
            "fields": [{"name": "sku"}, {"name": "name"}],
            "rules": [{"field": "price", "operator": "lessThan", "value": "300"}],
        },
        {"name": "observer.customer_save_commit_after", "fields": [{"name": "*"}]},
    ]

    status, steps = connect()

    assert status == 1
    state, detail = steps["subscription observer.catalog_product_save_commit_after"]
    assert state == "differs"
    assert detail.startswith("already subscribed, but lacks fields id, price,")
    assert detail.endswith("; has rules, so some events are not sent")
    kept = steps["subscription observer.customer_save_commit_after"]
    assert kept == ("kept", "already subscribed")


def test_a_registration_that_differs_is_left(connect, adobe):
    connect()
    adobe.registrations[0]["webhook_url"] = "https://other.example.com"
    adobe.registrations[0]["webhook_status"] = "disabled"
    del adobe.registrations[0]["events_of_interest"][0]
    adobe.changes.clear()

    status, steps = connect()

    assert (status, adobe.changes) == (1, [])
    state, detail = steps["registration"]
    assert state == "differs"
    for part in (
        "its address is https://other",
        "it lacks com.adobe",
        "it is disabled",
    ):
        assert part in detail


def test_another_provider_of_the_store_is_left(connect, adobe):
    adobe.store_providers = [{"provider_id": "other"}]

    status, steps = connect()

    assert status == 1
    assert steps["eventing configuration"] == (
        "differs",
        f"it has provider other, and not {PROVIDER_ID}",
    )


def test_a_store_without_the_module_is_reported(connect, adobe):
    adobe.has_module = False

    status, steps = connect()

    assert status == 1
    for what in ("eventing configuration", "subscriptions"):
        assert "update magento/commerce-eventing" in steps[what][1]


def test_without_a_workspace_there_is_a_checklist(connect, adobe):
    status, steps = connect(with_workspace=False)

    assert status == 0
    assert adobe.providers == adobe.registrations == []
    assert len(adobe.subscriptions) == len(CODES)
    assert steps["eventing configuration"][0] == "todo"
    assert CODES <= set(steps["5 events"][1].split(", "))
    assert URL in steps["6 delivery"][1]


def test_an_older_module_lists_its_providers_elsewhere(connect, adobe):
    """Version 1.12 replaced ``getEventProviders``."""
    adobe.is_before_1_12 = True
    adobe.store_providers = [{"provider_id": "p-1"}]

    status, steps = connect(with_workspace=False)

    assert status == 0
    assert steps["eventing configuration"] == ("kept", "provider p-1")


def test_columns_do_not_touch(capsys):
    widest = max(sources(), key=lambda source: len(source.name))
    step = ConnectionStep(f"subscription {widest.name}", "done", "fields *")

    command._print(step, as_json=False)

    assert f"{widest.name} " in capsys.readouterr().out


def test_no_secret_is_printed(connect, workspace):
    _, steps = connect()

    assert "p8e-secret-value" not in json.dumps(steps) + repr(workspace)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda w: w["project"].pop("org"), "no workspace", id="org"),
        pytest.param(
            lambda w: w["project"]["workspace"]["details"]["credentials"].pop(),
            "no OAuth server-to-server credential",
            id="credential",
        ),
        pytest.param(
            lambda w: w["project"]["workspace"]["details"]["credentials"][1][
                "oauth_server_to_server"
            ].update(scopes=["openid"]),
            "lacks the scope adobeio_api",
            id="scope",
        ),
    ],
)
def test_an_unsuitable_workspace_is_a_usage_error(tmp_path, change, expected):
    document = json.loads(json.dumps(WORKSPACE))
    change(document)
    path = tmp_path / "workspace.json"
    path.write_text(json.dumps(document))

    result = CliRunner().invoke(
        command.connect_commerce, ["--workspace", str(path), "--url", URL]
    )

    assert result.exit_code == 2
    message = " ".join(result.output.split())
    assert expected.replace("no workspace", "is not a workspace file") in message
    assert "p8e-secret-value" not in message


@pytest.mark.parametrize(
    "arguments", [["--workspace", "{path}"], ["--url", "http://127.0.0.1:8080"]]
)
def test_the_address_must_be_given_and_https(tmp_path, arguments):
    path = tmp_path / "workspace.json"
    path.write_text(json.dumps(WORKSPACE))
    given = [argument.format(path=path) for argument in arguments]

    result = CliRunner().invoke(command.connect_commerce, given)

    assert result.exit_code == 2
    assert "--url" in result.output
