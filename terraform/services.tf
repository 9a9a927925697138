resource "google_project_service" "main" {
  for_each = toset(concat([
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
    ],
    var.egress == null && var.load_balancer == null ? [] : ["compute.googleapis.com"],
  ))

  service            = each.key
  disable_on_destroy = false # other systems in the project may use them
}
