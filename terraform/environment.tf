# The environment variables of the functions. A test compares their names with the settings
# that the functions read, in both directions.

locals {
  _environment = {
    GOOGLE_CLOUD_PROJECT = var.project_id
    LOG_EXECUTION_ID     = "false" # read by functions-framework: true would log each entry twice
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
        THREADS                  = tostring(limits.concurrency) # read by functions-framework
      },
      var.commerce_settings,
    )
  }
}
