# Metrics from the log entries of the functions: one entry per delivery at a consumer
# (stage "outcome"). Pub/Sub and Cloud Run provide their own metrics; those are not repeated
# here. Pub/Sub counts published events, because ingest writes one entry for a whole batch.

locals {
  _functions = concat(
    [google_cloudfunctions2_function.ingest.name],
    [for function in google_cloudfunctions2_function.consumer : function.name],
    [for function in google_cloudfunctions2_function.commerce_events : function.name],
  )
  _log_entries = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(${join(" OR ", [for name in local._functions : "\"${name}\""])})"

  metrics = {
    alarms = {
      description = "Entries about credentials, addresses or services that an operator must check"
      filter      = "jsonPayload.alarm=true"
      labels      = ["status"]
      value       = null
    }
    # A process that ends writes no entry itself; the platform's entry counts instead.
    errors = {
      description = "Errors in the code, and processes that ended or did not start"
      filter      = "(jsonPayload.outcome=\"error\" OR textPayload:\"Traceback (most recent call last)\" OR (log_id(\"run.googleapis.com/varlog/system\") AND severity>=ERROR))"
      labels      = []
      value       = null
    }
    event_age = {
      description = "Milliseconds from the receipt of an event at ingest to its outcome"
      filter      = "jsonPayload.stage=\"outcome\" AND jsonPayload.age_ms>=0"
      labels      = ["entity", "outcome"]
      value       = "age_ms"
    }
    outcomes = {
      description = "Outcomes of deliveries: handled, duplicate, skipped, rejected, retry, error"
      filter      = "jsonPayload.stage=\"outcome\""
      labels      = ["entity", "event", "outcome", "status"]
      value       = null
    }
    processing_time = {
      description = "Milliseconds of each delivery at a consumer, most of them calls to Commerce"
      filter      = "jsonPayload.stage=\"outcome\" AND jsonPayload.ms>=0"
      labels      = ["entity", "outcome"]
      value       = "ms"
    }
  }
}

resource "google_logging_metric" "main" {
  for_each = local.metrics

  name            = "${var.prefix}${each.key}"
  description     = each.value.description
  filter          = "${local._log_entries} AND ${each.value.filter}"
  value_extractor = each.value.value == null ? null : "EXTRACT(jsonPayload.${each.value.value})"

  label_extractors = { for label in each.value.labels : label => "EXTRACT(jsonPayload.${label})" }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = each.value.value == null ? "INT64" : "DISTRIBUTION"
    unit        = each.value.value == null ? "1" : "ms"

    dynamic "labels" {
      for_each = each.value.labels

      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }

  dynamic "bucket_options" {
    for_each = each.value.value == null ? [] : [each.value.value]

    content {
      # From 1 ms to 3 days in steps of 1.4, so that a day-long outage is in range.
      exponential_buckets {
        growth_factor      = 1.4
        num_finite_buckets = 58
        scale              = 1
      }
    }
  }

  depends_on = [google_project_service.main]
}

# The request log would contain a token from the query (?token=). Every entry with a query is
# excluded, because an escaped name (?%74oken=) would escape a filter for the name.
resource "google_logging_project_exclusion" "query_token" {
  for_each = toset(var.ingest_auth == "token" ? ["token"] : [])

  name        = "${var.prefix}query-token"
  description = "Request-log entries of ingest whose URL can contain a token"
  filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${google_cloudfunctions2_function.ingest.name}\" AND log_id(\"run.googleapis.com/requests\") AND httpRequest.requestUrl:\"?\""

  depends_on = [google_project_service.main]
}

# A consumer's own entry says more about a delivery than the request log. Entries of failed
# requests stay: those that no instance accepted (429, 5xx) have no other entry.
resource "google_logging_project_exclusion" "requests" {
  for_each = {
    for name, functions in {
      consumers = [for function in google_cloudfunctions2_function.consumer : function.name]
      ingest    = concat([google_cloudfunctions2_function.ingest.name], [for function in google_cloudfunctions2_function.commerce_events : function.name])
    } : name => functions if !contains(var.request_logs, name)
  }

  name        = "${var.prefix}requests-${each.key}"
  description = "Request-log entries of successful requests to ${each.key}"
  filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(${join(" OR ", [for name in each.value : "\"${name}\""])}) AND log_id(\"run.googleapis.com/requests\") AND httpRequest.status<300"

  depends_on = [google_project_service.main]
}
