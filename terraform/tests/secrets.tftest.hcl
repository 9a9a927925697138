# Secrets: only those that are needed, and never a function without its secret.

mock_provider "archive" {}
mock_provider "google" {
  mock_resource "google_secret_manager_secret_version" {
    defaults = { version = "1" }
  }
}

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
    INGEST_TOKENS                = "made-up"
  }
}

run "only_the_chosen_sign_in_has_secrets" {
  command = plan

  assert {
    condition     = keys(google_secret_manager_secret.main) == ["COMMERCE_ACCESS_TOKEN", "COMMERCE_ACCESS_TOKEN_SECRET", "COMMERCE_CONSUMER_KEY", "COMMERCE_CONSUMER_SECRET", "INGEST_TOKENS"]
    error_message = "OAuth 1.0a has four secrets, tokens one."
  }
}

run "ims_has_one_secret" {
  command = plan

  variables {
    commerce_base_url = "https://na1.api.commerce.adobe.com/tenant/"
    commerce_settings = { OAUTH_CLIENT_ID = "id", OAUTH_ORG_ID = "org" }
    secrets           = { OAUTH_CLIENT_SECRET = "made-up", INGEST_TOKENS = "made-up" }
  }

  assert {
    condition     = keys(google_secret_manager_secret.main) == ["INGEST_TOKENS", "OAUTH_CLIENT_SECRET"]
    error_message = "A SaaS address means IMS, whose only secret is the client's."
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.consumer : function.service_config[0].environment_variables["OAUTH_CLIENT_ID"] == "id"])
    error_message = "commerce_settings must reach every consumer."
  }
}

run "a_secret_without_value_or_version_is_refused" {
  command = plan

  variables {
    secrets = {
      COMMERCE_ACCESS_TOKEN        = "made-up"
      COMMERCE_ACCESS_TOKEN_SECRET = "made-up"
      COMMERCE_CONSUMER_KEY        = "made-up"
      COMMERCE_CONSUMER_SECRET     = "made-up"
    }
  }

  expect_failures = [google_secret_manager_secret_version.main]
}

run "an_empty_value_is_no_value" {
  command = plan

  variables {
    secrets = {
      COMMERCE_ACCESS_TOKEN        = "made-up"
      COMMERCE_ACCESS_TOKEN_SECRET = "made-up"
      COMMERCE_CONSUMER_KEY        = "made-up"
      COMMERCE_CONSUMER_SECRET     = "made-up"
      INGEST_TOKENS                = ""
    }
  }

  expect_failures = [google_secret_manager_secret_version.main]
}

run "a_declared_version_needs_no_value" {
  command = plan

  variables {
    secrets = {}
    secret_versions = {
      COMMERCE_ACCESS_TOKEN        = "1"
      COMMERCE_ACCESS_TOKEN_SECRET = "1"
      COMMERCE_CONSUMER_KEY        = "1"
      COMMERCE_CONSUMER_SECRET     = "1"
      INGEST_TOKENS                = "7"
    }
  }

  assert {
    condition     = length(google_secret_manager_secret_version.main) == 0
    error_message = "Terraform must not write what is there already."
  }
  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].secret_environment_variables[0].version == "7"
    error_message = "The function must read the declared version."
  }
}

run "a_value_is_not_ignored_for_a_declared_version" {
  command = plan

  variables {
    secret_versions = { INGEST_TOKENS = "7" }
  }

  expect_failures = [var.secret_versions]
}

run "a_version_is_a_number" {
  command = plan

  variables {
    secrets         = {}
    secret_versions = { INGEST_TOKENS = "latest" }
  }

  expect_failures = [var.secret_versions]
}

run "a_version_of_an_unknown_secret_is_refused" {
  command = plan

  variables {
    secrets         = {}
    secret_versions = { INGEST_TOKEN = "1" }
  }

  expect_failures = [var.secret_versions]
}

run "the_first_apply" {
  command = apply

  assert {
    condition     = output.secret_versions == { for name in ["COMMERCE_ACCESS_TOKEN", "COMMERCE_ACCESS_TOKEN_SECRET", "COMMERCE_CONSUMER_KEY", "COMMERCE_CONSUMER_SECRET", "INGEST_TOKENS"] : name => "1" }
    error_message = "The output must name the versions in use."
  }
}

run "declaring_what_is_there_frees_from_values" {
  command = plan

  variables {
    secrets         = {}
    secret_versions = run.the_first_apply.secret_versions
  }

  assert {
    condition     = alltrue([for function in concat(values(google_cloudfunctions2_function.consumer), [google_cloudfunctions2_function.ingest]) : alltrue([for secret in function.service_config[0].secret_environment_variables : secret.version == "1"])])
    error_message = "The functions must go on reading the same versions."
  }
}

run "a_value_instead_of_a_declared_version_is_written" {
  command = plan

  variables {
    secrets         = { INGEST_TOKENS = "made-up-2" }
    secret_versions = { for name, version in run.the_first_apply.secret_versions : name => version if name != "INGEST_TOKENS" }
  }

  assert {
    condition     = keys(google_secret_manager_secret_version.main) == ["INGEST_TOKENS"]
    error_message = "A name taken out of secret_versions must be written from the value handed over."
  }
}

run "a_moved_revision_writes_new_versions_and_keeps_the_old" {
  command = plan

  variables {
    secrets_revision = 2
  }

  assert {
    condition     = alltrue([for version in google_secret_manager_secret_version.main : version.secret_data_wo_version == "2" && version.deletion_policy == "ABANDON"])
    error_message = "secrets_revision must move every handed-over secret, and leave the old version."
  }
}

run "no_value_stands_in_what_is_planned" {
  command = plan

  assert {
    condition     = alltrue([for version in google_secret_manager_secret_version.main : version.secret_data == null && version.secret_data_wo == null])
    error_message = "A secret's value must not be readable from the plan."
  }
}
