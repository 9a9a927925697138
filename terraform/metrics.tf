# Numbers from the functions' log lines, which say what became of each event. What
# Pub/Sub and Cloud Run measure by themselves is not counted a second time.

locals {
  _functions = concat(
    [google_cloudfunctions2_function.ingest.name],
    [for function in google_cloudfunctions2_function.consumer : function.name],
  )
  _log_lines = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(${join(" OR ", [for name in local._functions : "\"${name}\""])})"

  metrics = {
    alarms = {
      description = "Lines that say our own sign-in, address or set-up is wrong"
      filter      = "jsonPayload.alarm=true"
      labels      = ["status"]
      value       = null
    }
    calls = {
      description = "Milliseconds of each call to Commerce"
      filter      = "jsonPayload.stage=\"call\""
      labels      = ["entity", "status"]
      value       = "ms"
    }
    # A process that dies leaves no line of its own: the platform's speaks for it.
    crashes = {
      description = "Crashes in the code, and processes that ended or did not start"
      filter      = "(jsonPayload.outcome=\"error\" OR textPayload:\"Traceback (most recent call last)\" OR (log_id(\"run.googleapis.com/varlog/system\") AND severity>=ERROR))"
      labels      = []
      value       = null
    }
    outcomes = {
      description = "What became of each delivery: handled, repeated, refused, retry, crashed"
      filter      = "jsonPayload.stage=\"outcome\""
      labels      = ["entity", "event", "outcome", "status"]
      value       = null
    }
    published = {
      description = "Events stored by ingest"
      filter      = "jsonPayload.stage=\"published\" AND jsonPayload.status=200"
      labels      = ["entity", "event"]
      value       = null
    }
    whole_way = {
      description = "Milliseconds from ingest's clock to the outcome"
      filter      = "jsonPayload.stage=\"outcome\" AND jsonPayload.age_ms>=0"
      labels      = ["entity", "outcome"]
      value       = "age_ms"
    }
  }
}

resource "google_logging_metric" "main" {
  for_each = local.metrics

  name            = "${var.prefix}${each.key}"
  description     = each.value.description
  filter          = "${local._log_lines} AND ${each.value.filter}"
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
      # From 1 ms to 3 days in steps of 1.4: a day-long outage still has its place.
      exponential_buckets {
        growth_factor      = 1.4
        num_finite_buckets = 58
        scale              = 1
      }
    }
  }

  depends_on = [google_project_service.main]
}

# A token in the query (?token=) would stand in the request log. Every entry with a query
# goes, because a name can be written with escapes (?%74oken=) that a search for it misses.
resource "google_logging_project_exclusion" "query_token" {
  for_each = toset(var.ingest_auth == "token" ? ["token"] : [])

  name        = "${var.prefix}query-token"
  description = "Request-log entries of ingest that could hold a token in the address"
  filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${google_cloudfunctions2_function.ingest.name}\" AND log_id(\"run.googleapis.com/requests\") AND httpRequest.requestUrl:\"?\""

  depends_on = [google_project_service.main]
}
