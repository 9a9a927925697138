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

  _consumer_environment = {
    for domain, limits in local.consumers : domain => merge(local._environment, {
      DEAD_LETTER_TOPIC = google_pubsub_topic.dead_letters.name
      # Both directions need the same: one notes its changes, the other recognises them.
      ECHO_SECONDS = tostring(try(var.outbound.echo_seconds, 0))
      LEDGER       = local.ledger
      THREADS      = tostring(limits.concurrency) # read by functions-framework
    })
  }

  # A consumer serves the direction whose settings it has.
  consumer_environment = merge(
    {
      for domain in local.inbound_domains : domain => merge(
        local._consumer_environment[domain],
        {
          COMMERCE_BASE_URL        = var.commerce_base_url
          COMMERCE_CONCURRENCY     = tostring(local.consumers[domain].concurrency)
          COMMERCE_TIMEOUT_SECONDS = tostring(var.commerce_timeout_seconds)
        },
        var.commerce_settings,
      )
    },
    {
      for domain in local.target_domains : domain => merge(
        local._consumer_environment[domain],
        {
          TARGET_TIMEOUT_SECONDS = tostring(var.outbound.target_timeout_seconds)
          TARGET_URL             = var.outbound.target_url
        },
        local.target_settings,
      )
    },
  )

  commerce_events_environment = merge(
    local._environment,
    {
      COMMERCE_EVENTS_AUTH = "adobe"
      DEAD_LETTER_TOPIC    = google_pubsub_topic.dead_letters.name
      OAUTH_CLIENT_ID      = local.receiver_client_id
    },
    { for name, value in local.target_settings : name => value if startswith(name, "OTEL_") },
  )
}
