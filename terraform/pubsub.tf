resource "google_pubsub_topic" "entity" {
  for_each = local.entities

  name         = "${var.prefix}${each.key}"
  kms_key_name = local.kms_key

  dynamic "message_storage_policy" {
    for_each = length(var.allowed_persistence_regions) == 0 ? [] : [var.allowed_persistence_regions]

    content {
      allowed_persistence_regions = message_storage_policy.value
    }
  }

  depends_on = [
    google_kms_crypto_key_iam_member.agent,
    google_project_service.main,
  ]
}

resource "google_pubsub_subscription" "entity" {
  for_each = local.entities

  name  = "${var.prefix}${each.key}"
  topic = google_pubsub_topic.entity[each.key].id

  ack_deadline_seconds       = local.delivery.ack_deadline_seconds
  enable_message_ordering    = each.value.ordered
  message_retention_duration = "${local.delivery.message_retention_seconds}s"

  push_config {
    push_endpoint = google_cloudfunctions2_function.consumer[each.value.domain].service_config[0].uri

    oidc_token {
      audience              = google_cloudfunctions2_function.consumer[each.value.domain].service_config[0].uri
      service_account_email = google_service_account.push.email
    }
  }

  retry_policy {
    maximum_backoff = "${each.value.maximum_backoff_seconds}s"
    minimum_backoff = "${each.value.minimum_backoff_seconds}s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters.id
    max_delivery_attempts = each.value.max_delivery_attempts
  }

  expiration_policy {
    ttl = "" # never; without this, 31 days without use delete the subscription
  }

  depends_on = [
    google_cloud_run_service_iam_member.push,
    google_pubsub_topic_iam_member.dead_letters_agent,
  ]
}

resource "google_pubsub_topic" "dead_letters" {
  name         = "${var.prefix}dead-letters"
  kms_key_name = local.kms_key

  dynamic "message_storage_policy" {
    for_each = length(var.allowed_persistence_regions) == 0 ? [] : [var.allowed_persistence_regions]

    content {
      allowed_persistence_regions = message_storage_policy.value
    }
  }

  depends_on = [
    google_kms_crypto_key_iam_member.agent,
    google_project_service.main,
  ]
}

# A topic keeps messages only for its subscriptions.
resource "google_pubsub_subscription" "dead_letters" {
  name  = "${var.prefix}dead-letters"
  topic = google_pubsub_topic.dead_letters.id

  ack_deadline_seconds       = 60
  message_retention_duration = "${local.delivery.dead_letter_retention_seconds}s"

  expiration_policy {
    ttl = ""
  }
}
