"""From each topic to the dead letters: every part exists and refers to the next."""

import json

import pytest

from tests.terraform.deployment import Broken, Deployment, Resource
from tests.terraform.wiring import Walk
from tests.terraform.workspace import ROOT

CATALOG = {
    name: entity
    for name, entity in json.loads(
        (ROOT / "functions/events/catalog.json").read_text()
    ).items()
    if entity["direction"] == "inbound"
}
OAUTH1 = {
    "LEDGER_KEY",
    "COMMERCE_ACCESS_TOKEN",
    "COMMERCE_ACCESS_TOKEN_SECRET",
    "COMMERCE_CONSUMER_KEY",
    "COMMERCE_CONSUMER_SECRET",
}


@pytest.fixture(scope="session")
def whole(started):
    tested = started["whole"].result()
    assert tested.runs["apply"] == "pass", tested.output
    return Deployment.of(tested.states["apply"])


def walk(deployment):
    Walk(
        deployment,
        CATALOG,
        OAUTH1,
        {"INGEST_TOKENS", "LEDGER_KEY"},
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


def test_new_entity_is_wired_with_ims_and_hmac(started):
    """An entity added to the catalogue gets every resource, under IMS and HMAC too."""
    tested = started["grown"].result()
    assert tested.runs["apply"] == "pass", tested.output
    deployment = Deployment.of(tested.states["apply"])
    catalog = CATALOG | {"refund": {"domain": "finance"}}
    ims, hmac = {"LEDGER_KEY", "OAUTH_CLIENT_SECRET"}, {"INGEST_HMAC_SECRETS"}
    Walk(deployment, catalog, ims, hmac).whole()
    added = {
        one.address
        for one in deployment.resources
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
    assert len(used) == len(CATALOG) + 1  # four consumers, ingest, builds
    assert used <= ours
