resource "google_service_account" "ingest" {
  account_id   = "${var.prefix}ingest"
  display_name = "Commerce events: ingest"

  depends_on = [google_project_service.main]
}

resource "google_service_account" "consumer" {
  for_each = local.consumers

  account_id   = "${var.prefix}${each.key}-consumer"
  display_name = "Commerce events: ${each.key} consumer"

  lifecycle {
    precondition {
      condition     = length("${var.prefix}${each.key}-consumer") <= 30
      error_message = "The service account ${var.prefix}${each.key}-consumer has more than the 30 characters that Google allows: shorten prefix, or the domain in functions/events/catalog.json."
    }
  }

  depends_on = [google_project_service.main]
}

resource "google_service_account" "push" {
  account_id   = "${var.prefix}push"
  display_name = "Commerce events: pushes of Pub/Sub to the consumers"

  depends_on = [google_project_service.main]
}

resource "google_service_account" "build" {
  account_id   = "${var.prefix}build"
  display_name = "Commerce events: build of the functions"

  depends_on = [google_project_service.main]
}

locals {
  # The service agent of Pub/Sub: it signs pushes and forwards dead letters.
  pubsub_agent = "serviceAccount:service-${data.google_project.main.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

data "google_project" "main" {
  project_id = var.project_id
}

# --- ingest -----------------------------------------------------------------------

resource "google_pubsub_topic_iam_member" "ingest" {
  for_each = { for entity, topic in google_pubsub_topic.entity : entity => topic if local.entities[entity].direction == "inbound" }

  topic  = each.value.id
  role   = "roles/pubsub.publisher"
  member = google_service_account.ingest.member
}

resource "google_cloud_run_service_iam_member" "ingest" {
  #checkov:skip=CKV_GCP_102:third parties have no Google identity and authenticate by ingest_auth; ingest_invokers restricts it

  for_each = var.ingest_invokers

  location = google_cloudfunctions2_function.ingest.location
  service  = google_cloudfunctions2_function.ingest.service_config[0].service
  role     = "roles/run.invoker"
  member   = each.key
}

# --- consumers --------------------------------------------------------------------

resource "google_pubsub_topic_iam_member" "dead_letters_consumer" {
  for_each = google_service_account.consumer

  topic  = google_pubsub_topic.dead_letters.id
  role   = "roles/pubsub.publisher"
  member = each.value.member
}

# --- ledger -----------------------------------------------------------------------

# Firestore roles can be granted on a project only; the condition narrows them to the ledger.
resource "google_project_iam_member" "ledger" {
  for_each = merge(
    { for domain in local.domains : domain => "roles/datastore.user" },
    var.status_endpoint ? { ingest = "roles/datastore.viewer" } : {},
  )

  project = var.project_id
  role    = each.value
  member  = each.key == "ingest" ? google_service_account.ingest.member : google_service_account.consumer[each.key].member

  condition {
    title      = "${var.prefix}ledger"
    expression = "resource.name == \"projects/${var.project_id}/databases/${google_firestore_database.ledger.name}\""
  }
}

# --- Pub/Sub ----------------------------------------------------------------------

resource "google_cloud_run_service_iam_member" "push" {
  for_each = google_cloudfunctions2_function.consumer

  location = each.value.location
  service  = each.value.service_config[0].service
  role     = "roles/run.invoker"
  member   = google_service_account.push.member
}

# Projects created before April 2021 need it; without it their pushes carry no token.
resource "google_service_account_iam_member" "push_agent" {
  service_account_id = google_service_account.push.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.pubsub_agent
}

# Pub/Sub's service agent publishes to the dead-letter topic and acknowledges the message.
resource "google_pubsub_topic_iam_member" "dead_letters_agent" {
  topic  = google_pubsub_topic.dead_letters.id
  role   = "roles/pubsub.publisher"
  member = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "dead_letters_agent" {
  for_each = google_pubsub_subscription.entity

  subscription = each.value.name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

# --- build ------------------------------------------------------------------------

resource "google_artifact_registry_repository_iam_member" "build" {
  location   = google_artifact_registry_repository.functions.location
  repository = google_artifact_registry_repository.functions.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

resource "google_storage_bucket_iam_member" "build" {
  bucket = google_storage_bucket.source.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.build.member
}

# Cloud Run functions copies the source into a bucket that it creates with the project's
# first function. That is too late for a grant on the bucket, so the condition names it.
resource "google_project_iam_member" "build_source" {
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member

  condition {
    title      = "${var.prefix}build-source"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${data.google_project.main.number}-${var.region}/\")"
  }
}

# This role can be granted on a project only.
resource "google_project_iam_member" "build_logs" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}
