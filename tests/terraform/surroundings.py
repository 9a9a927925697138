"""APIs and monitoring of a deployment, and the absence of additional grants."""

from tests.terraform.deployment import Deployment, need

# The API behind each kind of resource.
SERVICES = {
    "google_artifact_registry_repository": ["artifactregistry"],
    "google_cloudfunctions2_function": ["cloudfunctions", "cloudbuild", "run"],
    "google_firestore_database": ["firestore"],
    "google_logging_metric": ["logging"],
    "google_monitoring_dashboard": ["monitoring"],
    "google_pubsub_topic": ["pubsub"],
    "google_secret_manager_secret": ["secretmanager"],
    "google_service_account": ["iam"],
    "google_storage_bucket": ["storage"],
}
ALERTS = {
    "alarms",
    "commerce-events-errors",
    "commerce-rejections",
    "dead-letters",
    "errors",
    "ingest-errors",
    "unacknowledged",
}


def services(deployment: Deployment) -> None:
    """The API of each kind of resource is enabled before its resources."""
    d = deployment
    for kind, names in SERVICES.items():
        for name in names:
            d.one("google_project_service", service=f"{name}.googleapis.com")
        for one in d.all(kind):
            need(
                "google_project_service.main" in one.depends_on,
                f"{one.address} does not depend on its API",
            )


def watching(deployment: Deployment, prefix: str, emails: tuple[str, ...]) -> None:
    """Alerts and dashboard, their metrics, and the recipients."""
    d = deployment
    channels = [
        d.one(
            "google_monitoring_notification_channel",
            labels={"email_address": to},
            type="email",
        )
        for to in emails
    ]
    queries = d.one("google_monitoring_dashboard").dashboard_json
    receives = d.all("google_service_account", account_id=f"{prefix}commerce-events")
    for name in ALERTS if receives else ALERTS - {"commerce-events-errors"}:
        policies = [
            one
            for one in d.all("google_monitoring_alert_policy")
            if one.display_name.startswith(f"{prefix}{name}: ")
        ]
        need(len(policies) == 1, f"no alert {name}")
        recipients = policies[0].notification_channels
        need(sorted(recipients) == sorted(c.id for c in channels), f"{name} recipients")
        queries += policies[0].conditions[0]["condition_threshold"][0]["filter"]
    metrics = {one.name for one in d.all("google_logging_metric")}
    for used in queries.split("logging.googleapis.com/user/")[1:]:
        name = used.partition('"')[0].rstrip("\\")
        need(name in metrics, f"no metric {name}")


def nothing_else(deployment: Deployment) -> None:
    """No grant except those that the walk needed."""
    for one in deployment.resources:
        need(not one.kind.endswith(("_iam_binding", "_iam_policy")), one.address)
        if one.kind.endswith("_iam_member"):
            need(
                one.address in deployment.used, f"{one.address} is an additional grant"
            )
