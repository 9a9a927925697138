# Who may do what, and how third parties prove who they are.

mock_provider "archive" {}
mock_provider "google" {}

variables {
  project_id        = "acme-shop"
  region            = "europe-west1"
  commerce_base_url = "https://shop.example.com/rest/"
  ingest_auth       = "token"
  secrets = {
    COMMERCE_ACCESS_TOKEN        = "made-up"
    COMMERCE_ACCESS_TOKEN_SECRET = "made-up"
    COMMERCE_CONSUMER_KEY        = "made-up"
    COMMERCE_CONSUMER_SECRET     = "made-up"
    INGEST_HMAC_SECRETS          = "made-up"
    INGEST_TOKENS                = "made-up"
  }
}

run "an_unknown_way_in_is_refused" {
  command = plan

  variables {
    ingest_auth = "basic"
  }

  expect_failures = [var.ingest_auth]
}

run "an_open_door_gives_a_warning" {
  command = plan

  variables {
    ingest_auth = "none"
  }

  expect_failures = [check.door]
}

run "a_token_keeps_its_query_out_of_the_request_log" {
  command = plan

  assert {
    condition     = google_logging_project_exclusion.query_token["token"].filter == "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"commerce-ingest\" AND log_id(\"run.googleapis.com/requests\") AND httpRequest.requestUrl:\"?\""
    error_message = "Request-log entries of ingest with a query must be excluded."
  }
}

run "hmac_needs_its_own_secret_only" {
  command = plan

  variables {
    ingest_auth = "hmac"
  }

  assert {
    condition     = [for secret in google_cloudfunctions2_function.ingest.service_config[0].secret_environment_variables : secret.key] == ["INGEST_HMAC_SECRETS"]
    error_message = "Ingest must read the chosen way's secret and no other."
  }
  assert {
    condition     = length(google_logging_project_exclusion.query_token) == 0
    error_message = "Only tokens can stand in a query."
  }
}

run "oidc_asks_whom_to_let_in" {
  command = plan

  variables {
    ingest_auth = "oidc"
  }

  expect_failures = [var.ingest_settings]
}

run "oidc_has_an_audience" {
  command = plan

  variables {
    ingest_auth     = "oidc"
    ingest_settings = { INGEST_OIDC_EMAILS = "erp@partner.iam.gserviceaccount.com" }
  }

  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].environment_variables["INGEST_OIDC_AUDIENCE"] == "https://europe-west1-acme-shop.cloudfunctions.net/commerce-ingest" && output.ingest_audience == "https://europe-west1-acme-shop.cloudfunctions.net/commerce-ingest"
    error_message = "Without one of the user's, the audience is ingest's address."
  }
  assert {
    condition     = length(google_cloudfunctions2_function.ingest.service_config[0].secret_environment_variables) == 0
    error_message = "OIDC needs no secret of ours."
  }
}

run "an_audience_of_ones_own_is_told_to_all" {
  command = plan

  variables {
    ingest_auth = "oidc"
    ingest_settings = {
      INGEST_OIDC_AUDIENCE = "https://events.example.com"
      INGEST_OIDC_EMAILS   = "erp@partner.iam.gserviceaccount.com"
    }
  }

  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].environment_variables["INGEST_OIDC_AUDIENCE"] == "https://events.example.com" && output.ingest_audience == "https://events.example.com"
    error_message = "The audience that is demanded is the one that is told."
  }
}

run "ingest_is_open_to_the_world_by_default" {
  command = plan

  assert {
    condition     = { for member, grant in google_cloud_run_service_iam_member.ingest : member => grant.role } == { allUsers = "roles/run.invoker" }
    error_message = "Third parties hold no Google identity."
  }
}

run "ingest_can_be_closed" {
  command = plan

  variables {
    ingest_invokers = ["serviceAccount:erp@acme-shop.iam.gserviceaccount.com"]
  }

  assert {
    condition     = keys(google_cloud_run_service_iam_member.ingest) == ["serviceAccount:erp@acme-shop.iam.gserviceaccount.com"]
    error_message = "Only the named members may call."
  }
}

run "no_role_is_wider_than_needed" {
  command = plan

  assert {
    condition = toset(concat(
      [for grant in google_project_iam_member.ledger : grant.role],
      [google_project_iam_member.build_logs.role, google_project_iam_member.build_source.role],
    )) == toset(["roles/datastore.user", "roles/logging.logWriter", "roles/storage.objectViewer"])
    error_message = "On the project stands only what cannot be granted on a resource."
  }
  assert {
    condition     = alltrue([for grant in google_project_iam_member.ledger : grant.condition[0].expression == "resource.name == \"projects/acme-shop/databases/commerce-ledger\""])
    error_message = "The ledger's role must be narrowed to its database."
  }
}

run "status_is_off_by_default" {
  command = plan

  assert {
    condition     = !contains(keys(google_cloudfunctions2_function.ingest.service_config[0].environment_variables), "LEDGER") && !contains(keys(google_project_iam_member.ledger), "ingest")
    error_message = "Ingest has no business with the ledger unless status_endpoint says so."
  }
}

run "status_lets_ingest_read_and_no_more" {
  command = plan

  variables {
    status_endpoint = true
  }

  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].environment_variables["LEDGER"] == "firestore:commerce-ledger" && google_project_iam_member.ledger["ingest"].role == "roles/datastore.viewer"
    error_message = "With status_endpoint ingest reads the ledger, read-only."
  }
}

run "nobody_outside_reads_the_sources" {
  command = plan

  assert {
    condition     = google_storage_bucket.source.public_access_prevention == "enforced" && google_storage_bucket.source.uniform_bucket_level_access
    error_message = "The source bucket must not be shared by mistake."
  }
}
