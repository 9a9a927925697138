# The receiver of Commerce's own events (outbound). Their topics, subscriptions and consumer
# are those of every entity and domain of the catalogue.

locals {
  receivers = toset(var.outbound == null ? [] : ["commerce_events"])
}

resource "google_service_account" "commerce_events" {
  for_each = local.receivers

  account_id   = "${var.prefix}commerce-events"
  display_name = "Commerce events: receiver of Adobe I/O Events"

  depends_on = [google_project_service.main]
}

resource "google_cloudfunctions2_function" "commerce_events" {
  #checkov:skip=CKV_GCP_124:Adobe I/O Events calls it from the internet, without fixed addresses

  for_each = local.receivers

  name        = "${var.prefix}commerce-events"
  location    = var.region
  description = "Receives events of Commerce from Adobe I/O Events and publishes them"

  build_config {
    runtime           = "python313"
    entry_point       = each.key
    docker_repository = google_artifact_registry_repository.functions.id
    service_account   = google_service_account.build.id

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.function[each.key].name
      }
    }
  }

  service_config {
    service_account_email = google_service_account.commerce_events[each.key].email
    environment_variables = local.commerce_events_environment
    ingress_settings      = "ALLOW_ALL"

    available_cpu                    = "1" # with less, Cloud Run allows one request at a time
    available_memory                 = "512Mi"
    max_instance_count               = var.outbound.max_instances
    max_instance_request_concurrency = 40 # bodies of 2 MB, held twice
    min_instance_count               = 0
    timeout_seconds                  = 60
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.build,
    google_project_iam_member.build_logs,
    google_project_iam_member.build_source,
    google_pubsub_topic_iam_member.commerce_events,
    google_pubsub_topic_iam_member.dead_letters_commerce_events,
    google_storage_bucket_iam_member.build,
  ]
}

resource "google_pubsub_topic_iam_member" "commerce_events" {
  for_each = { for entity, topic in google_pubsub_topic.entity : entity => topic if local.entities[entity].direction == "outbound" }

  topic  = each.value.id
  role   = "roles/pubsub.publisher"
  member = google_service_account.commerce_events["commerce_events"].member
}

# What is invalid is stored with its reason, and answered so that Adobe does not retry it.
resource "google_pubsub_topic_iam_member" "dead_letters_commerce_events" {
  for_each = local.receivers

  topic  = google_pubsub_topic.dead_letters.id
  role   = "roles/pubsub.publisher"
  member = google_service_account.commerce_events[each.key].member
}

resource "google_cloud_run_service_iam_member" "commerce_events" {
  #checkov:skip=CKV_GCP_102:Adobe I/O Events has no Google identity; each delivery is signed

  for_each = local.receivers

  location = google_cloudfunctions2_function.commerce_events[each.key].location
  service  = google_cloudfunctions2_function.commerce_events[each.key].service_config[0].service
  role     = "roles/run.invoker"
  member   = "allUsers"
}
