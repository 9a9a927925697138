# Validations of variables. Each run has invalid values of several variables, and every one
# of them must be reported. They depend on files without resources only (settings.tf).

mock_provider "archive" {}
mock_provider "google" {}

variables {
  project_id        = "acme-shop"
  region            = "europe-west1"
  commerce_base_url = "https://shop.example.com/rest/"
  ingest_auth       = "hmac"
  secret_versions = {
    COMMERCE_ACCESS_TOKEN        = "1"
    COMMERCE_ACCESS_TOKEN_SECRET = "1"
    COMMERCE_CONSUMER_KEY        = "1"
    COMMERCE_CONSUMER_SECRET     = "1"
    INGEST_HMAC_SECRETS          = "1"
  }
}

run "invalid_form" {
  command = plan

  variables {
    alert_emails                 = ["ops"]
    commerce_base_url            = "http://shop.example.com/rest/"
    commerce_timeout_seconds     = 181 # three calls must fit into 540 s
    consumers                    = { customer-group = {} }
    entities                     = { invoice = {} }
    ingest                       = { concurrency = 2000 }
    ingest_invokers              = ["erp@acme-shop.iam.gserviceaccount.com"]
    labels                       = { Team = "shop" }
    ledger_key                   = "only-thirty-one-characters-long"
    log_level                    = "verbose"
    prefix                       = "commerce"
    project_id                   = "My Shop"
    region                       = "europe-west1-b"
    secrets_revision             = 1.5
    unacknowledged_alert_minutes = 0
  }

  expect_failures = [
    var.alert_emails,
    var.commerce_base_url,
    var.commerce_timeout_seconds,
    var.consumers,
    var.entities,
    var.ingest,
    var.ingest_invokers,
    var.labels,
    var.ledger_key,
    var.log_level,
    var.prefix,
    var.project_id,
    var.region,
    var.secrets_revision,
    var.unacknowledged_alert_minutes,
  ]
}

run "unknown_settings" {
  command = plan

  variables {
    commerce_settings = { COMMERCE_ATTRIBUTE_SET = "4" }
    consumers         = { stock = { concurrency = 81 } }
    entities          = { order = { max_delivery_attempts = 3 } }
    ingest_settings   = { MAX_BODY = "1" }
  }

  expect_failures = [var.commerce_settings, var.consumers, var.entities, var.ingest_settings]
}

run "secrets_in_settings" {
  command = plan

  variables {
    commerce_settings = { COMMERCE_CONSUMER_SECRET = "oops" }
    consumers         = { stock = { max_instances = 0 } }
    entities          = { order = { minimum_backoff_seconds = 60, maximum_backoff_seconds = 30 } }
    ingest_settings   = { INGEST_TOKENS = "oops" }
  }

  expect_failures = [var.commerce_settings, var.consumers, var.entities, var.ingest_settings]
}

run "unknown_sign_in" {
  command = plan

  variables {
    commerce_sign_in = "basic"
    consumers        = { stock = { memory_mb = 128 } }
    ingest           = { max_instances = 0 }
  }

  expect_failures = [var.commerce_sign_in, var.consumers, var.ingest]
}

run "oauth1_at_saas_url" {
  command = plan

  variables {
    commerce_base_url = "https://na1.api.commerce.adobe.com/tenant/"
    commerce_sign_in  = "oauth1"
    ingest            = { memory_mb = 8192 }
  }

  expect_failures = [var.commerce_sign_in, var.ingest]
}

run "base_url_with_store_code" {
  command = plan

  variables {
    commerce_base_url = "https://shop.example.com/rest/default/V1/"
    region            = "Frankfurt"
  }

  expect_failures = [var.commerce_base_url, var.region]
}

run "oauth1_with_saas_flavour" {
  command = plan

  variables {
    commerce_settings = { COMMERCE_FLAVOUR = "saas" }
  }

  expect_failures = [var.commerce_settings]
}

run "ims_without_its_settings" {
  command = plan

  variables {
    commerce_sign_in = "ims"
    secret_versions  = { INGEST_HMAC_SECRETS = "1", OAUTH_CLIENT_SECRET = "1" }
  }

  expect_failures = [var.commerce_settings]
}

run "unknown_authentication" {
  command = plan

  variables {
    ingest_auth     = "basic"
    secret_versions = {}
  }

  expect_failures = [var.ingest_auth]
}

run "oidc_without_accounts" {
  command = plan

  variables {
    ingest_auth     = "oidc"
    secret_versions = { for name in ["ACCESS_TOKEN", "ACCESS_TOKEN_SECRET", "CONSUMER_KEY", "CONSUMER_SECRET"] : "COMMERCE_${name}" => "1" }
  }

  expect_failures = [var.ingest_settings]
}

run "version_that_is_no_number" {
  command = plan

  variables {
    secret_versions = { INGEST_HMAC_SECRETS = "latest" }
  }

  expect_failures = [var.secret_versions]
}

run "version_of_an_unknown_secret" {
  command = plan

  variables {
    secret_versions = { INGEST_TOKEN = "1" }
  }

  expect_failures = [var.secret_versions]
}

run "value_and_declared_version" {
  command = plan

  variables {
    secrets = { INGEST_HMAC_SECRETS = "made-up" }
  }

  expect_failures = [var.secret_versions]
}

run "ledger_key_and_declared_version" {
  command = plan

  variables {
    ledger_key      = "made-up-0123456789-0123456789-012"
    secret_versions = { LEDGER_KEY = "1" }
  }

  expect_failures = [var.secret_versions]
}

run "ledger_key_among_the_secrets" {
  command = plan

  variables {
    secrets = { LEDGER_KEY = "made-up-0123456789-0123456789-012" }
  }

  expect_failures = [var.secrets]
}

run "ledger_key_with_a_blank" {
  command = plan

  variables {
    ledger_key = "made-up 0123456789-0123456789-012"
  }

  expect_failures = [var.ledger_key]
}

run "outbound_with_invalid_values" {
  command = plan

  variables {
    outbound = {
      echo_seconds           = -1
      max_instances          = 0
      settings               = { TARGET_TOKEN = "oops", TARGET_URL_ORDER = "http://erp.example.com/" }
      target_auth            = "basic"
      target_timeout_seconds = 181
      target_url             = "https://erp.example.com/events"
    }
    request_logs = ["dead-letters"]
  }

  expect_failures = [var.outbound, var.request_logs]
}

run "outbound_with_oauth_and_no_client" {
  command = plan

  variables {
    outbound = { oauth_client_id = "id", target_auth = "oauth", target_url = "https://erp.example.com/events" }
  }

  expect_failures = [var.outbound]
}

run "outbound_client_id_of_ims" {
  command = plan

  variables {
    commerce_settings = { OAUTH_CLIENT_ID = "of-ims" }
    outbound          = { target_url = "https://erp.example.com/events" }
  }

  assert {
    condition     = local.receiver_client_id == "of-ims" && join(" ", local.secret_readers["TARGET_SECRETS"]) == "outbound"
    error_message = "The client id of IMS is the default, and the target's secret is the outbound consumer's."
  }
}

run "bodies_that_do_not_fit_into_memory" {
  command = plan

  variables {
    ingest_settings = { MAX_BODY_BYTES = "8000000" } # 80 at once, twice: 1.2 GB
  }

  expect_failures = [var.ingest_settings]
}

run "bodies_that_fit_into_memory" {
  command = plan

  variables {
    ingest          = { concurrency = 20, memory_mb = 512 }
    ingest_settings = { MAX_BODY_BYTES = "8000000" }
  }

  assert {
    condition     = var.ingest.memory_mb == 512
    error_message = "20 bodies of 8 MB must fit into 512 MB."
  }
}

run "default_body_in_little_memory" {
  command = plan

  variables {
    ingest = { memory_mb = 256 }
  }

  expect_failures = [var.ingest_settings]
}

run "body_longer_than_a_message" {
  command = plan

  variables {
    ingest          = { concurrency = 1, memory_mb = 4096 }
    ingest_settings = { MAX_BODY_BYTES = "8000001" }
  }

  expect_failures = [var.ingest_settings]
}

run "invalid_protection" {
  command = plan

  variables {
    allowed_persistence_regions = ["europe-west3"]
    consumer_ingress            = "ALLOW_INTERNAL_AND_GCLB"
    egress                      = { ip_range = "10.124.0.0/27" }
    ingest_ingress              = "internal"
    kms_key                     = "projects/acme-shop/locations/global/keyRings/commerce/cryptoKeys/events"
    unauthorized_alert_requests = 0
  }

  expect_failures = [
    var.allowed_persistence_regions,
    var.consumer_ingress,
    var.egress,
    var.ingest_ingress,
    var.kms_key,
    var.unauthorized_alert_requests,
  ]
}

run "load_balancer_that_can_be_bypassed" {
  command = plan

  variables {
    egress        = { ip_range = "10.124.0.9/26" } # not the first address of the range
    load_balancer = { domains = ["events.example.com"] }
  }

  expect_failures = [var.egress, var.load_balancer]
}

run "load_balancer_without_a_domain" {
  command = plan

  variables {
    ingest_ingress = "ALLOW_INTERNAL_AND_GCLB"
    load_balancer  = { domains = ["https://events.example.com"], requests_per_minute = 0 }
  }

  expect_failures = [var.load_balancer]
}

run "load_balancer_for_a_name_as_address" {
  command = plan

  variables {
    ingest_ingress = "ALLOW_INTERNAL_AND_GCLB"
    load_balancer  = { domains = ["events.example.com"], allowed_ranges = ["erp.example.com"] }
  }

  expect_failures = [var.load_balancer]
}

run "oidc_with_another_audience" {
  command = plan

  variables {
    ingest_auth = "oidc"
    ingest_settings = {
      INGEST_OIDC_AUDIENCE = "https://events.example.com"
      INGEST_OIDC_EMAILS   = "erp@partner.iam.gserviceaccount.com"
    }
    secret_versions = { for name in ["ACCESS_TOKEN", "ACCESS_TOKEN_SECRET", "CONSUMER_KEY", "CONSUMER_SECRET"] : "COMMERCE_${name}" => "1" }
  }

  assert {
    condition     = local.ingest_audience == "https://events.example.com"
    error_message = "The audience must be the one of ingest_settings."
  }
}

run "no_authentication_warns" {
  command = plan

  variables {
    ingest_auth     = "none"
    secret_versions = { for name in ["ACCESS_TOKEN", "ACCESS_TOKEN_SECRET", "CONSUMER_KEY", "CONSUMER_SECRET"] : "COMMERCE_${name}" => "1" }
  }

  expect_failures = [check.authentication]
}
