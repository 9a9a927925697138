resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  display_name = "Commerce events: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }

  depends_on = [google_project_service.main]
}

locals {
  _backlogs    = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=one_of(${join(",", [for subscription in google_pubsub_subscription.entity : "\"${subscription.name}\""])})"
  _user_metric = { for name, metric in google_logging_metric.main : name => "metric.type=\"logging.googleapis.com/user/${metric.name}\"" }

  _ingest_requests = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${google_cloudfunctions2_function.ingest.name}\" AND metric.type=\"run.googleapis.com/request_count\""

  # `share_of` makes the threshold a share; `for` is how long it must last.
  alerts = {
    commerce_refusals = {
      title     = "Commerce refuses events"
      filter    = "${local._user_metric.outcomes} AND resource.type=\"cloud_run_revision\" AND metric.labels.outcome=\"rejected\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      group_by  = ["metric.label.entity"]
      share_of  = null
      threshold = 0
      for       = "0s"
      severity  = "WARNING"
      advice    = "Each refused event lies in the dead-letter topic with Commerce's reason. `make dead-letters` lists them; correct the shop or the sender, then `make replay`, or `make discard` what is not wanted."
    }
    crashes = {
      title     = "A function fails by itself"
      filter    = "${local._user_metric.crashes} AND resource.type=\"cloud_run_revision\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      group_by  = ["resource.label.service_name"]
      share_of  = null
      threshold = 0
      for       = "0s"
      severity  = "ERROR"
      advice    = "A function crashed, ran out of memory or did not start; Pub/Sub delivers its events again. Look in the function's log for outcome `crashed` and for tracebacks. After a deployment roll back (docs/deploy.md); out of memory, raise memory_mb (`ingest` or `consumers`) and `make deploy`."
    }
    dead_letters = {
      title     = "Dead letters are waiting"
      filter    = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${google_pubsub_subscription.dead_letters.name}\" AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\""
      aligner   = "ALIGN_MAX"
      reducer   = "REDUCE_MAX"
      group_by  = []
      share_of  = null
      threshold = 0
      for       = "0s"
      severity  = "WARNING"
      advice    = "Events were refused, or Commerce was away for longer than the tries last. They are kept 31 days, then they are gone: `make dead-letters` says why each is there; when the reason is mended `make replay`, or `make discard` what is not wanted."
    }
    ingest_errors = {
      title     = "Ingest cannot take events"
      filter    = "${local._ingest_requests} AND metric.labels.response_code_class=\"5xx\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      group_by  = []
      share_of  = local._ingest_requests
      threshold = 0.02
      for       = "300s"
      severity  = "CRITICAL"
      advice    = "More than 2 % of the requests of the last minutes were answered with 5xx: these events were not taken, and their senders have to send again. Look in ingest's log. Answers of 503 with stage `published` mean that Pub/Sub did not take events (status.cloud.google.com; ingest's right to publish); 5xx without a line of ours mean that max_instances is reached or instances do not start: raise it (`ingest`) and `make deploy`, or roll back (docs/deploy.md)."
    }
    sign_in = {
      title     = "Our sign-in, address or set-up is wrong"
      filter    = "${local._user_metric.alarms} AND resource.type=\"cloud_run_revision\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      group_by  = ["resource.label.service_name"]
      share_of  = null
      threshold = 0
      for       = "0s"
      severity  = "CRITICAL"
      advice    = "Commerce (or IMS) does not accept our credentials, our clock or our address, or the ledger, the dead-letter topic or Google's certificates cannot be reached: the log line with `alarm` says which. No event is lost: all are tried again for hours. `make check-commerce` tells what Commerce has against us; wrong credentials are put right by a new secret version (docs/deploy.md)."
    }
    unacknowledged = {
      title     = "Events wait too long"
      filter    = "${local._backlogs} AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
      aligner   = "ALIGN_MAX"
      reducer   = "REDUCE_MAX"
      group_by  = ["resource.label.subscription_id"]
      share_of  = null
      threshold = var.unacknowledged_alert_minutes * 60
      for       = "0s"
      severity  = "ERROR"
      advice    = "Nothing is lost: Pub/Sub keeps trying for hours and then keeps the events as dead letters. `make status` says whether the entity is paused (`make resume`) and what waits. The dashboard's verdicts by status say what Commerce answers: 5xx or none, look after Commerce; quick answers, but more events than calls, raise `consumers` and `make deploy`."
    }
  }
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
      duration           = each.value.for

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
    content   = "${each.value.advice}\n\nThe commands: docs/operations.md, which begins with how they find this deployment; symptoms: docs/debugging.md."
  }
}
