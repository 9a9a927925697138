# Values that cannot work are refused before anything is made. A plan takes a second, so
# each run gets a wrong value of many variables at once; every one of them must be refused.

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

run "wrong_form_is_refused" {
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
    var.log_level,
    var.prefix,
    var.project_id,
    var.region,
    var.secrets_revision,
    var.unacknowledged_alert_minutes,
  ]
}

run "unknown_settings_are_refused" {
  command = plan

  variables {
    commerce_settings = { COMMERCE_ATTRIBUTE_SET = "4" }
    consumers         = { stock = { concurrency = 81 } }
    entities          = { order = { max_delivery_attempts = 3 } }
    ingest            = { max_instances = 0 }
    ingest_settings   = { MAX_BODY = "1" }
  }

  expect_failures = [var.commerce_settings, var.consumers, var.entities, var.ingest, var.ingest_settings]
}

run "settings_take_no_secret" {
  command = plan

  variables {
    commerce_settings = { COMMERCE_CONSUMER_SECRET = "oops" }
    consumers         = { stock = { max_instances = 0 } }
    entities          = { order = { minimum_backoff_seconds = 60, maximum_backoff_seconds = 30 } }
    ingest            = { memory_mb = 8192 }
    ingest_settings   = { INGEST_TOKENS = "oops" }
  }

  expect_failures = [var.commerce_settings, var.consumers, var.entities, var.ingest, var.ingest_settings]
}

run "sign_in_is_one_of_two" {
  command = plan

  variables {
    commerce_sign_in = "basic"
    consumers        = { stock = { memory_mb = 128 } }
  }

  expect_failures = [var.commerce_sign_in, var.consumers]
}

run "saas_knows_no_oauth1" {
  command = plan

  variables {
    commerce_base_url = "https://na1.api.commerce.adobe.com/tenant/"
    commerce_sign_in  = "oauth1"
  }

  expect_failures = [var.commerce_sign_in]
}

run "address_ends_before_the_store" {
  command = plan

  variables {
    commerce_base_url = "https://shop.example.com/rest/default/V1/"
    region            = "Frankfurt"
  }

  expect_failures = [var.commerce_base_url, var.region]
}

run "saas_by_setting_knows_no_oauth1_either" {
  command = plan

  variables {
    commerce_settings = { COMMERCE_FLAVOUR = "saas" }
  }

  expect_failures = [var.commerce_settings]
}

run "ims_needs_the_other_half_too" {
  command = plan

  variables {
    commerce_sign_in = "ims"
    secret_versions  = { INGEST_HMAC_SECRETS = "1", OAUTH_CLIENT_SECRET = "1" }
  }

  expect_failures = [var.commerce_settings]
}
