# Other kinds of authentication than the default: OAuth 1.0a at Commerce, a token at ingest.

mock_provider "archive" {}
mock_provider "google" {}

variables {
  project_id = "acme-shop"
  region     = "europe-west1"
  ledger_key = "made-up-0123456789-0123456789-012"
}

run "hmac_with_status_and_named_invokers" {
  command = plan

  variables {
    commerce_base_url = "https://shop.example.com/rest/"
    ingest_auth       = "hmac"
    ingest_invokers   = ["serviceAccount:erp@acme-shop.iam.gserviceaccount.com"]
    status_endpoint   = true
    secrets = {
      COMMERCE_ACCESS_TOKEN        = "made-up"
      COMMERCE_ACCESS_TOKEN_SECRET = "made-up"
      COMMERCE_CONSUMER_KEY        = "made-up"
      COMMERCE_CONSUMER_SECRET     = "made-up"
      INGEST_HMAC_SECRETS          = "made-up"
      INGEST_TOKENS                = "not needed"
    }
  }

  assert {
    condition     = [for secret in google_cloudfunctions2_function.ingest.service_config[0].secret_environment_variables : secret.key] == ["INGEST_HMAC_SECRETS", "LEDGER_KEY"]
    error_message = "Ingest must read the secret of the chosen authentication only, and with status_endpoint the ledger's key."
  }
  assert {
    condition     = length(google_logging_project_exclusion.query_token) == 0
    error_message = "Without tokens no request-log entry may be excluded."
  }
  assert {
    condition     = keys(google_cloud_run_service_iam_member.ingest) == ["serviceAccount:erp@acme-shop.iam.gserviceaccount.com"]
    error_message = "Only the named members may call ingest."
  }
  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].environment_variables["LEDGER"] == "firestore:commerce-ledger" && google_project_iam_member.ledger["ingest"].role == "roles/datastore.viewer"
    error_message = "With status_endpoint ingest must read the ledger, and may not write it."
  }
}

run "oidc_and_ims" {
  command = plan

  variables {
    commerce_base_url = "https://na1.api.commerce.adobe.com/tenant/"
    commerce_settings = { OAUTH_CLIENT_ID = "id", OAUTH_ORG_ID = "org" }
    ingest_auth       = "oidc"
    ingest_settings   = { INGEST_OIDC_EMAILS = "erp@partner.iam.gserviceaccount.com" }
    secrets           = { OAUTH_CLIENT_SECRET = "made-up" }
  }

  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].environment_variables["INGEST_OIDC_AUDIENCE"] == "https://europe-west1-acme-shop.cloudfunctions.net/commerce-ingest" && output.ingest_audience == "https://europe-west1-acme-shop.cloudfunctions.net/commerce-ingest"
    error_message = "The default audience must be the URL of ingest."
  }
  assert {
    condition     = keys(google_secret_manager_secret.main) == ["LEDGER_KEY", "OAUTH_CLIENT_SECRET"]
    error_message = "A SaaS URL must select IMS, which has one secret; OIDC has none."
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.consumer : function.service_config[0].environment_variables["OAUTH_CLIENT_ID"] == "id"])
    error_message = "commerce_settings must reach every consumer."
  }
}
