resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  display_name = "Commerce events: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }

  depends_on = [google_project_service.main]
}

locals {
  _backlogs    = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=one_of(${join(",", [for subscription in google_pubsub_subscription.entity : jsonencode(subscription.name)])})"
  _topics      = "resource.type=\"pubsub_topic\" AND resource.labels.topic_id=one_of(${join(",", [for topic in google_pubsub_topic.entity : jsonencode(topic.name)])})"
  _user_metric = { for name, metric in google_logging_metric.main : name => "metric.type=\"logging.googleapis.com/user/${metric.name}\"" }

  _ingest_requests = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${google_cloudfunctions2_function.ingest.name}\" AND metric.type=\"run.googleapis.com/request_count\""

  _receiver_requests = join("", [for function in google_cloudfunctions2_function.commerce_events : "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${function.name}\" AND metric.type=\"run.googleapis.com/request_count\""])

  # With `share_of` the threshold is a share of that filter; `duration` is the minimum one.
  alerts = merge(var.unauthorized_alert_requests == null ? {} : {
    unauthorized = {
      title     = "Ingest rejects many callers"
      filter    = "${local._ingest_requests} AND metric.labels.response_code=\"401\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      group_by  = []
      share_of  = null
      threshold = var.unauthorized_alert_requests
      duration  = "0s"
      severity  = "WARNING"
      advice    = "Ingest answered many requests with 401. If a secret was rotated, a sender may still use the old one: its events are not stored, and it must send them again. Otherwise someone may be guessing: limit requests per address, or admit known addresses only (`load_balancer`), and run `make deploy`."
    }
    }, var.outbound == null ? {} : {
    commerce_events_errors = {
      title     = "Events of Commerce are not accepted"
      filter    = "${local._receiver_requests} AND metric.labels.response_code_class!=\"2xx\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      group_by  = []
      share_of  = local._receiver_requests
      threshold = 0.1
      duration  = "300s"
      severity  = "CRITICAL"
      advice    = "More than 10 % of the deliveries of Adobe I/O Events were not accepted. After a 5xx Adobe retries for 24 hours; after a 401 it does not, and disables a registration that keeps failing: the events are then in its Journal only, for 7 days. 401: the client id differs from that of the registration (`outbound`), or someone else calls. 503: Pub/Sub or Adobe's public keys cannot be reached. Correct the cause, run `make deploy`, and replay from the Journal (docs/outbound.md)."
    }
    }, {
    commerce_rejections = {
      title     = "Commerce or the third party rejects events"
      filter    = "${local._user_metric.outcomes} AND resource.type=\"cloud_run_revision\" AND metric.labels.outcome=\"rejected\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      group_by  = ["metric.label.entity"]
      share_of  = null
      threshold = 0
      duration  = "0s"
      severity  = "WARNING"
      advice    = "The dead-letter topic keeps each rejected event with the reason. Run `make dead-letters` to list them. Correct Commerce, the caller or (entities outbound-…) the third party, then run `make replay`, or `make discard` for events that are obsolete."
    }
    errors = {
      title     = "A function has an error"
      filter    = "${local._user_metric.errors} AND resource.type=\"cloud_run_revision\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      group_by  = ["resource.label.service_name"]
      share_of  = null
      threshold = 0
      duration  = "0s"
      severity  = "ERROR"
      advice    = "The code raised an unexpected exception, or a process ran out of memory or did not start. Pub/Sub redelivers the events. Search the log of the function for outcome `error` and for tracebacks. After a deployment, roll back (docs/deploy.md). If memory is short, increase memory_mb (`ingest` or `consumers`) and run `make deploy`."
    }
    dead_letters = {
      title     = "Dead letters are stored"
      filter    = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${google_pubsub_subscription.dead_letters.name}\" AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\""
      aligner   = "ALIGN_MAX"
      reducer   = "REDUCE_MAX"
      group_by  = []
      share_of  = null
      threshold = 0
      duration  = "0s"
      severity  = "WARNING"
      advice    = "Events were rejected, or their delivery attempts were exhausted during an outage. Pub/Sub keeps dead letters for 31 days. Run `make dead-letters` to see the reason of each. Remove the cause, then run `make replay`, or `make discard` for events that are obsolete."
    }
    ingest_errors = {
      title     = "Ingest fails to publish events"
      filter    = "${local._ingest_requests} AND metric.labels.response_code_class=\"5xx\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      group_by  = []
      share_of  = local._ingest_requests
      threshold = 0.02
      duration  = "300s"
      severity  = "CRITICAL"
      advice    = "More than 2 % of the requests of the last minutes got a 5xx response. These events are not stored, and their callers must send them again. Check the log of ingest. Entries with stage `published` or `batch` and status 503 mean that Pub/Sub did not accept events: check status.cloud.google.com and ingest's role on the topics. A 5xx response without such an entry means that max_instances is reached or that instances do not start: increase it (`ingest`) and run `make deploy`, or roll back (docs/deploy.md)."
    }
    alarms = {
      title     = "Credentials or configuration need an operator"
      filter    = "${local._user_metric.alarms} AND resource.type=\"cloud_run_revision\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      group_by  = ["resource.label.service_name"]
      share_of  = null
      threshold = 0
      duration  = "0s"
      severity  = "CRITICAL"
      advice    = "Commerce, IMS or the third party rejects the credentials, the clock or the URL; or the ledger, the dead-letter topic or Google's certificates are not reachable. The log entry with `alarm` names the cause. No event is lost: Pub/Sub redelivers for hours. Run `make check-commerce` to test the credentials; a new secret version replaces wrong ones (docs/deploy.md)."
    }
    unacknowledged = {
      title     = "Events wait too long"
      filter    = "${local._backlogs} AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
      aligner   = "ALIGN_MAX"
      reducer   = "REDUCE_MAX"
      group_by  = ["resource.label.subscription_id"]
      share_of  = null
      threshold = var.unacknowledged_alert_minutes * 60
      duration  = "0s"
      severity  = "ERROR"
      advice    = "No event is lost: Pub/Sub redelivers for hours and then stores the events as dead letters. Run `make status` to see whether the entity is paused (`make resume`) and how many events wait. The dashboard shows the deliveries by status. If most are 5xx, check Commerce. If Commerce responds quickly and events still wait, increase `consumers` and run `make deploy`."
    }
  })
}

resource "google_monitoring_alert_policy" "main" {
  for_each = local.alerts

  display_name          = "${var.prefix}${replace(each.key, "_", "-")}: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = [for channel in google_monitoring_notification_channel.email : channel.id]
  user_labels           = local.labels

  conditions {
    display_name = each.value.title

    condition_threshold {
      filter             = each.value.filter
      denominator_filter = each.value.share_of
      comparison         = "COMPARISON_GT"
      threshold_value    = each.value.threshold
      duration           = each.value.duration

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
        group_by_fields      = each.value.group_by
      }

      dynamic "denominator_aggregations" {
        for_each = each.value.share_of == null ? [] : [each.value.share_of]

        content {
          alignment_period     = "300s"
          per_series_aligner   = each.value.aligner
          cross_series_reducer = each.value.reducer
          group_by_fields      = each.value.group_by
        }
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    mime_type = "text/markdown"
    content   = "${each.value.advice}\n\nCommands, and how they select this deployment: docs/operations.md. Symptoms: docs/debugging.md."
  }
}
