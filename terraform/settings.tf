# The settings that a user may set, and the secrets that the chosen options need.
# Like variables.tf and locals.tf this file refers to no resource: the validations of
# variables depend on these three files only, so a test runs them without a provider.

locals {
  ims_required = ["OAUTH_CLIENT_ID", "OAUTH_ORG_ID"]

  # Set by the user, in `commerce_settings` and `ingest_settings`. Both also accept every
  # other OTEL_… variable; OpenTelemetry reads these itself.
  consumer_settings_open = [
    "COMMERCE_AMBIGUOUS_ATTEMPTS",
    "COMMERCE_AMBIGUOUS_SECONDS",
    "COMMERCE_ATTRIBUTE_SET_ID",
    "COMMERCE_CONNECT_TIMEOUT_SECONDS",
    "COMMERCE_FLAVOUR",
    "COMMERCE_ORDER_STATUS_MODE",
    "COMMERCE_PRODUCT_TAX_CLASS_ID",
    "COMMERCE_PRODUCT_WEBSITE_IDS",
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

  _target_settings_open = [
    "LEDGER_DAYS",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "TARGET_OAUTH_CLIENT_AUTH",
    "TARGET_OAUTH_CLIENT_ID",
    "TARGET_OAUTH_SCOPE",
    "TARGET_OAUTH_TOKEN_URL",
  ]
  # Each outbound entity may have a webhook of its own.
  target_settings_open = concat(local._target_settings_open, [
    for name, entity in local._catalog : "TARGET_URL_${upper(replace(trimprefix(name, "outbound-"), "-", "_"))}"
    if entity.direction == "outbound"
  ])
  target_oauth_required = ["TARGET_OAUTH_CLIENT_ID", "TARGET_OAUTH_TOKEN_URL"]
  target_settings       = try(var.outbound.settings, {})

  receiver_client_id = try(coalesce(var.outbound.oauth_client_id, lookup(var.commerce_settings, "OAUTH_CLIENT_ID", "")), "")

  _target_secrets = var.outbound == null ? [] : concat(["TARGET_SECRETS"], {
    none  = []
    oauth = ["TARGET_OAUTH_CLIENT_SECRET"]
    token = ["TARGET_TOKEN"]
  }[try(var.outbound.target_auth, "none")])

  _commerce_secrets = {
    ims    = ["OAUTH_CLIENT_SECRET"]
    oauth1 = ["COMMERCE_ACCESS_TOKEN", "COMMERCE_ACCESS_TOKEN_SECRET", "COMMERCE_CONSUMER_KEY", "COMMERCE_CONSUMER_SECRET"]
  }[local.commerce_sign_in]

  _ingest_secrets = {
    hmac  = ["INGEST_HMAC_SECRETS"]
    none  = []
    oidc  = []
    token = ["INGEST_TOKENS"]
  }[var.ingest_auth]

  # Environment variable => the functions that read it.
  secret_readers = merge(
    { for name in local._commerce_secrets : name => local.inbound_domains },
    { for name in local._ingest_secrets : name => ["ingest"] },
    { for name in local._target_secrets : name => local.target_domains },
    { LEDGER_KEY = concat(local.domains, var.status_endpoint ? ["ingest"] : []) },
  )

  # By default the URL of ingest that is known before the function exists, so that it can be
  # one of its settings.
  ingest_audience = lookup(var.ingest_settings, "INGEST_OIDC_AUDIENCE", "https://${var.region}-${var.project_id}.cloudfunctions.net/${var.prefix}ingest")
}
