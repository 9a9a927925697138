"""What is around the way of an event: APIs, what watches it, and nothing else."""

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
ALERTS = ("commerce-refusals", "crashes", "dead-letters", "ingest-errors", "sign-in")
ALERTS += ("unacknowledged",)


def services(deployment: Deployment) -> None:
    """The API of each kind is on before anything of that kind is made."""
    d = deployment
    for kind, names in SERVICES.items():
        for name in names:
            d.one("google_project_service", service=f"{name}.googleapis.com")
        for one in d.all(kind):
            need(
                "google_project_service.main" in one.depends_on,
                f"{one.address} does not wait for its API",
            )


def watching(deployment: Deployment, prefix: str, emails: tuple[str, ...]) -> None:
    """Alerts and dashboard, the metrics they look at, and who is told."""
    d = deployment
    channels = [
        d.one(
            "google_monitoring_notification_channel",
            labels={"email_address": to},
            type="email",
        )
        for to in emails
    ]
    looked_at = d.one("google_monitoring_dashboard").dashboard_json
    for name in ALERTS:
        found = [
            one
            for one in d.all("google_monitoring_alert_policy")
            if one.display_name.startswith(f"{prefix}{name}: ")
        ]
        need(len(found) == 1, f"no alert {name}")
        told = found[0].notification_channels
        need(sorted(told) == sorted(c.id for c in channels), f"{name} tells nobody")
        looked_at += found[0].conditions[0]["condition_threshold"][0]["filter"]
    metrics = {one.name for one in d.all("google_logging_metric")}
    for used in looked_at.split("logging.googleapis.com/user/")[1:]:
        name = used.partition('"')[0].rstrip("\\")
        need(name in metrics, f"no metric {name}")


def nothing_else(deployment: Deployment) -> None:
    """No grant but the ones that were met on the way."""
    for one in deployment.resources:
        need(not one.kind.endswith(("_iam_binding", "_iam_policy")), one.address)
        if one.kind.endswith("_iam_member"):
            need(one.address in deployment.met, f"{one.address} is a grant too many")
