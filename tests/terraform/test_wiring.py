"""From each topic to the dead letters: every part exists and refers to the next."""

import json

import pytest

from tests.terraform.deployment import Broken, Deployment, Resource
from tests.terraform.wiring import Walk
from tests.terraform.workspace import ROOT

CATALOG = json.loads((ROOT / "functions/events/catalog.json").read_text())
INBOUND = {
    name: entity for name, entity in CATALOG.items() if entity["direction"] == "inbound"
}
REFUND = {"refund": {"domain": "finance", "direction": "inbound"}}
OAUTH1 = {
    "LEDGER_KEY",
    "COMMERCE_ACCESS_TOKEN",
    "COMMERCE_ACCESS_TOKEN_SECRET",
    "COMMERCE_CONSUMER_KEY",
    "COMMERCE_CONSUMER_SECRET",
}


def deployment_of(tested, run):
    assert tested.runs[run] == "pass", tested.output
    return Deployment.of(tested.applied)


@pytest.fixture(scope="session")
def whole(started):
    """IMS, HMAC, the status endpoint, alerts by e-mail, outbound, and a new entity."""
    return deployment_of(started["grown"].result(), "apply")


def walk(deployment):
    Walk(
        deployment,
        CATALOG | REFUND,
        {"LEDGER_KEY", "OAUTH_CLIENT_SECRET"},
        {"INGEST_HMAC_SECRETS", "LEDGER_KEY"},
        {"LEDGER_KEY", "TARGET_OAUTH_CLIENT_SECRET", "TARGET_SECRETS"},
        status=True,
        emails=("ops@example.com",),
    ).whole()


def broken(deployment):
    """The reason why the walk fails, or None."""
    try:
        walk(deployment)
    except Broken as error:
        return str(error)
    return None


def changed(deployment, address, **values):
    """*deployment* with changed values of one resource."""
    return Deployment(
        [
            Resource(one.address, one.kind, one.values | values, one.depends_on)
            if one.address == address
            else one
            for one in deployment.resources
        ]
    )


def test_every_event_can_reach_commerce(whole):
    walk(whole)
    assert len(whole.resources) > 100


def test_a_missing_resource_is_noticed(whole):
    unnoticed = [
        one.address
        for one in whole.resources
        if one.kind.startswith("google_")  # others exist in the state only
        and broken(whole.without(one.address)) is None
    ]
    assert unnoticed == []


def test_a_grant_to_another_member_is_noticed(whole):
    grants = [one for one in whole.resources if one.kind.endswith("_iam_member")]
    unnoticed = [
        one.address
        for one in grants
        if broken(changed(whole, one.address, member="user:mallory@example.com"))
        is None
    ]
    assert unnoticed == []


def test_another_role_is_noticed(whole):
    grants = [one for one in whole.resources if one.kind.endswith("_iam_member")]
    unnoticed = [
        one.address
        for one in grants
        if broken(changed(whole, one.address, role="roles/browser")) is None
    ]
    assert unnoticed == []


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        pytest.param(
            "google_project_iam_member",
            {"role": "roles/pubsub.publisher", "member": "{ingest}"},
            id="on the project",
        ),
        pytest.param(
            "google_pubsub_topic_iam_member",
            {"topic": "{topic}", "role": "roles/pubsub.viewer", "member": "{ingest}"},
            id="second role",
        ),
        pytest.param(
            "google_cloud_run_service_iam_member",
            {"service": "{ingest_service}", "role": "roles/run.invoker"}
            | {"member": "{push}"},
            id="pushes to ingest",
        ),
        pytest.param(
            "google_pubsub_topic_iam_binding",
            {"topic": "{topic}", "role": "roles/pubsub.publisher"},
            id="replaces all others",
        ),
    ],
)
def test_an_additional_grant_is_noticed(whole, kind, values):
    accounts = {one.account_id: one for one in whole.all("google_service_account")}
    ingest = whole.one("google_cloudfunctions2_function", name="commerce-ingest")
    known = {
        "ingest": accounts["commerce-ingest"].member,
        "ingest_service": ingest.service["service"],
        "push": accounts["commerce-push"].member,
        "topic": whole.one("google_pubsub_topic", name="commerce-order").id,
    }
    given = {name: value.format(**known) for name, value in values.items()}
    more = Resource(f"{kind}.more", kind, given, [])
    assert broken(Deployment([*whole.resources, more])) == (
        f"{kind}.more is an additional grant" if "member" in values else f"{kind}.more"
    )


def test_defaults_are_wired_with_oauth1_and_token(started):
    """Inbound only."""
    deployment = deployment_of(started["defaults"].result(), "defaults")
    Walk(deployment, INBOUND, OAUTH1, {"INGEST_TOKENS"}, set()).whole()


def test_new_entity_gets_every_resource(whole):
    added = {
        one.address
        for one in whole.resources
        if '["refund"]' in one.address or '["finance"]' in one.address
    }
    assert added >= {
        'google_cloud_run_service_iam_member.push["finance"]',
        'google_cloudfunctions2_function.consumer["finance"]',
        'google_pubsub_subscription.entity["refund"]',
        'google_pubsub_topic.entity["refund"]',
        'google_pubsub_topic_iam_member.ingest["refund"]',
        'google_service_account.consumer["finance"]',
    }


def test_nothing_runs_as_a_default_account(whole):
    used = {
        email
        for one in whole.all("google_cloudfunctions2_function")
        for email in (
            one.service["service_account_email"],
            one.build["service_account"],
        )
    }
    ours = {
        value
        for one in whole.all("google_service_account")
        for value in (one.email, one.id)
    }
    domains = {entity["domain"] for entity in (CATALOG | REFUND).values()}
    assert len(used) == len(domains) + 3  # ingest, commerce_events, builds
    assert used <= ours
