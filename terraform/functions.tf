resource "google_cloudfunctions2_function" "ingest" {
  #checkov:skip=CKV_GCP_124:third parties on the internet call ingest; ingest_ingress restricts it

  name        = "${var.prefix}ingest"
  location    = var.region
  description = "Receives events from third parties and publishes them"

  build_config {
    runtime           = "python313"
    entry_point       = "ingest"
    docker_repository = google_artifact_registry_repository.functions.id
    service_account   = google_service_account.build.id

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.function["ingest"].name
      }
    }
  }

  service_config {
    service_account_email = google_service_account.ingest.email
    environment_variables = local.ingest_environment
    ingress_settings      = var.ingest_ingress

    available_cpu                    = "1" # with less, Cloud Run allows one request at a time
    available_memory                 = "${var.ingest.memory_mb}Mi"
    max_instance_count               = var.ingest.max_instances
    max_instance_request_concurrency = var.ingest.concurrency
    min_instance_count               = var.ingest.min_instances
    timeout_seconds                  = 120

    dynamic "secret_environment_variables" {
      for_each = toset([for name, readers in local.secret_readers : name if contains(readers, "ingest")])

      content {
        key        = secret_environment_variables.key
        project_id = var.project_id
        secret     = google_secret_manager_secret.main[secret_environment_variables.key].secret_id
        version    = local.secret_versions[secret_environment_variables.key]
      }
    }
  }

  # The build and the start fail without these roles, and no reference implies the order.
  depends_on = [
    google_artifact_registry_repository_iam_member.build,
    google_project_iam_member.build_logs,
    google_project_iam_member.build_source,
    google_pubsub_topic_iam_member.ingest,
    google_secret_manager_secret_iam_member.reader,
    google_storage_bucket_iam_member.build,
  ]
}

resource "google_cloudfunctions2_function" "consumer" {
  #checkov:skip=CKV_GCP_124:IAM admits only the account of the pushes; consumer_ingress restricts the network too

  for_each = local.consumers

  name        = "${var.prefix}${each.key}-consumer"
  location    = var.region
  description = contains(local.inbound_domains, each.key) ? "Applies ${each.key} events to Commerce" : "Delivers events of Commerce to the third party"

  build_config {
    runtime           = "python313"
    entry_point       = "consumer"
    docker_repository = google_artifact_registry_repository.functions.id
    service_account   = google_service_account.build.id

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.function["consumer"].name
      }
    }
  }

  service_config {
    service_account_email = google_service_account.consumer[each.key].email
    environment_variables = local.consumer_environment[each.key]
    ingress_settings      = var.consumer_ingress
    direct_vpc_egress     = var.egress == null ? null : "VPC_EGRESS_ALL_TRAFFIC"

    available_cpu                    = "1" # with less, Cloud Run allows one request at a time
    available_memory                 = "${each.value.memory_mb}Mi"
    max_instance_count               = each.value.max_instances
    max_instance_request_concurrency = each.value.concurrency
    min_instance_count               = each.value.min_instances
    timeout_seconds                  = local.delivery.function_timeout_seconds

    dynamic "direct_vpc_network_interface" {
      for_each = google_compute_subnetwork.egress

      content {
        network    = direct_vpc_network_interface.value.network
        subnetwork = direct_vpc_network_interface.value.id
      }
    }

    dynamic "secret_environment_variables" {
      for_each = toset([for name, readers in local.secret_readers : name if contains(readers, each.key)])

      content {
        key        = secret_environment_variables.key
        project_id = var.project_id
        secret     = google_secret_manager_secret.main[secret_environment_variables.key].secret_id
        version    = local.secret_versions[secret_environment_variables.key]
      }
    }
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.build,
    google_compute_router_nat.egress,
    google_firestore_field.ledger,
    google_firestore_field.ledger_expires,
    google_project_iam_member.build_logs,
    google_project_iam_member.build_source,
    google_project_iam_member.ledger,
    google_pubsub_topic_iam_member.dead_letters_consumer,
    google_secret_manager_secret_iam_member.reader,
    google_storage_bucket_iam_member.build,
  ]
}
