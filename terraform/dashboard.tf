# In order: events published, their outcomes, durations, backlogs, and the responses of
# consumers and ingest. Positions of zero are omitted, because the API drops them and every
# plan would show a difference.

locals {
  _series = {
    for name, line in {
      published  = { filter = "${local._topics} AND metric.type=\"pubsub.googleapis.com/topic/send_message_operation_count\" AND metric.labels.response_class=\"success\"", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["resource.label.topic_id"] }
      handled    = { filter = "${local._user_metric.outcomes} AND metric.labels.outcome=one_of(\"handled\",\"duplicate\",\"skipped\")", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["metric.label.entity"] }
      rejected   = { filter = "${local._user_metric.outcomes} AND metric.labels.outcome=\"rejected\"", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["metric.label.entity"] }
      retried    = { filter = "${local._user_metric.outcomes} AND metric.labels.outcome=one_of(\"retry\",\"error\")", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["metric.label.entity"] }
      age50      = { filter = "${local._user_metric.event_age} AND metric.labels.outcome=\"handled\"", aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_50", by = ["metric.label.entity"] }
      age95      = { filter = "${local._user_metric.event_age} AND metric.labels.outcome=\"handled\"", aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_95", by = ["metric.label.entity"] }
      age99      = { filter = "${local._user_metric.event_age} AND metric.labels.outcome=\"handled\"", aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_99", by = [] }
      processing = { filter = local._user_metric.processing_time, aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_95", by = ["metric.label.entity"] }
      statuses   = { filter = local._user_metric.outcomes, aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["metric.label.status"] }
      requests   = { filter = local._ingest_requests, aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["metric.label.response_code_class"] }
      received   = { filter = local._receiver_requests, aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["metric.label.response_code_class"] }
      waiting    = { filter = "${local._backlogs} AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\"", aligner = "ALIGN_MAX", reducer = "REDUCE_SUM", by = ["resource.label.subscription_id"] }
      oldest     = { filter = "${local._backlogs} AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\"", aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", by = ["resource.label.subscription_id"] }
      oldest_any = { filter = "${local._backlogs} AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\"", aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", by = [] }
      dead       = { filter = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${google_pubsub_subscription.dead_letters.name}\" AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\"", aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", by = [] }
      alarms     = { filter = local._user_metric.alarms, aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = [] }
      } : name => {
      timeSeriesFilter = {
        filter = line.filter
        aggregation = merge(
          { alignmentPeriod = "60s", perSeriesAligner = line.aligner, crossSeriesReducer = line.reducer },
          length(line.by) == 0 ? {} : { groupByFields = line.by },
        )
      }
    }
  }

  # Each row has a height and its tiles, from left to right.
  _rows = concat(local._inbound_rows, [
    for row in [
      {
        height = 14
        tiles  = [{ title = "Requests to commerce_events by response class, per second", width = 48, lines = ["received"] }]
      },
    ] : row if var.outbound != null
  ])

  _inbound_rows = [
    {
      height = 8
      tiles = [
        { title = "Dead letters", width = 12, number = "dead", warn = 1 },
        { title = "Oldest event waiting (s)", width = 12, number = "oldest_any", warn = var.unacknowledged_alert_minutes * 60 },
        { title = "Alarms", width = 12, number = "alarms", warn = 1 },
        { title = "Ingest to outcome, 99th percentile (ms)", width = 12, number = "age99", warn = 60000 },
      ]
    },
    {
      height = 14
      tiles = [
        { title = "Published, per second", width = 24, lines = ["published"] },
        { title = "Handled, duplicate or skipped, per second", width = 24, lines = ["handled"] },
      ]
    },
    {
      height = 14
      tiles = [
        { title = "Rejected, per second", width = 24, lines = ["rejected"] },
        { title = "Retry or error, per second", width = 24, lines = ["retried"] },
      ]
    },
    {
      height = 14
      tiles = [
        { title = "Ingest to outcome, median and 95th percentile (ms)", width = 24, lines = ["age50", "age95"] },
        { title = "Processing time per delivery, 95th percentile (ms)", width = 24, lines = ["processing"] },
      ]
    },
    {
      height = 14
      tiles = [
        { title = "Events waiting", width = 24, lines = ["waiting"] },
        { title = "Oldest event waiting (s)", width = 24, lines = ["oldest"] },
      ]
    },
    {
      height = 14
      tiles = [
        { title = "Deliveries by status, per second", width = 24, lines = ["statuses"] },
        { title = "Requests to ingest by response class, per second", width = 24, lines = ["requests"] },
      ]
    },
  ]

  _tiles = flatten([
    for row_index, row in local._rows : [
      for tile_index, tile in row.tiles : merge(
        { for key, position in {
          xPos = sum(concat([0], [for other in slice(row.tiles, 0, tile_index) : other.width]))
          yPos = sum(concat([0], [for other in slice(local._rows, 0, row_index) : other.height]))
        } : key => position if position > 0 },
        {
          width  = tile.width
          height = row.height
          widget = merge(
            { title = tile.title },
            contains(keys(tile), "number") ? {
              scorecard = {
                timeSeriesQuery = local._series[tile.number]
                thresholds      = [{ value = tile.warn, color = "RED", direction = "ABOVE" }]
                sparkChartView  = { sparkChartType = "SPARK_LINE" }
              }
            } : {},
            contains(keys(tile), "lines") ? {
              xyChart = { dataSets = [for line in tile.lines : { plotType = "LINE", timeSeriesQuery = local._series[line] }] }
            } : {},
          )
        },
      )
    ]
  ])
}

resource "google_monitoring_dashboard" "main" {
  dashboard_json = jsonencode({
    displayName  = "${var.prefix}events"
    mosaicLayout = { columns = 48, tiles = local._tiles }
  })

  depends_on = [google_project_service.main]
}
