# What the functions find in their environment. A test compares these names with what
# their settings objects read, both ways.

locals {
  ims_required = ["OAUTH_CLIENT_ID", "OAUTH_ORG_ID"]

  # Left to the user, by `commerce_settings` and `ingest_settings`. Both take every other
  # OTEL_… too, which OpenTelemetry reads by itself.
  consumer_settings_open = [
    "COMMERCE_ATTRIBUTE_SET_ID",
    "COMMERCE_CONNECT_TIMEOUT_SECONDS",
    "COMMERCE_FLAVOUR",
    "COMMERCE_ORDER_STATUS_MODE",
    "COMMERCE_PRODUCT_TAX_CLASS_ID",
    "COMMERCE_SHIPMENT_NOTIFY",
    "COMMERCE_STOCK_PIECE_SIZE",
    "COMMERCE_STORE_SCOPE",
    "COMMERCE_WEBSITE_ID",
    "LEDGER_DAYS",
    "OAUTH_BASE_URL",
    "OAUTH_CLIENT_ID",
    "OAUTH_ORG_ID",
    "OAUTH_SCOPES",
    "OAUTH_TECHNICAL_ACCOUNT_EMAIL",
    "OAUTH_TECHNICAL_ACCOUNT_ID",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
  ]
  ingest_settings_open = [
    "INGEST_OIDC_AUDIENCE",
    "INGEST_OIDC_EMAILS",
    "MAX_BODY_BYTES",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "PUBLISH_TIMEOUT_SECONDS",
  ]

  _environment = {
    GOOGLE_CLOUD_PROJECT = var.project_id
    LOG_EXECUTION_ID     = "false" # the framework's: true would log each of our lines twice
    LOG_LEVEL            = var.log_level
    PUBSUB_ENDPOINT      = local.pubsub_endpoint
    TOPIC_PREFIX         = var.prefix
  }

  ledger = "firestore:${google_firestore_database.ledger.name}"

  ingest_environment = merge(
    local._environment,
    { INGEST_AUTH = var.ingest_auth },
    var.ingest_auth == "oidc" ? { INGEST_OIDC_AUDIENCE = local.ingest_audience } : {},
    var.status_endpoint ? { LEDGER = local.ledger } : {},
    var.ingest_settings,
  )

  consumer_environment = {
    for domain, limits in local.consumers : domain => merge(
      local._environment,
      {
        COMMERCE_BASE_URL        = var.commerce_base_url
        COMMERCE_CONCURRENCY     = tostring(limits.concurrency)
        COMMERCE_TIMEOUT_SECONDS = tostring(var.commerce_timeout_seconds)
        DEAD_LETTER_TOPIC        = google_pubsub_topic.dead_letters.name
        LEDGER                   = local.ledger
        THREADS                  = tostring(limits.concurrency) # the framework's
      },
      var.commerce_settings,
    )
  }

  # An address that is known before the function is made, so that it can be its setting.
  ingest_audience = "https://${var.region}-${var.project_id}.cloudfunctions.net/${var.prefix}ingest"
}
