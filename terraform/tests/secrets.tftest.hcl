# Secrets with declared versions. Values are in delivery.tftest.hcl.

mock_provider "archive" {}
mock_provider "google" {}

variables {
  project_id        = "acme-shop"
  region            = "europe-west1"
  commerce_base_url = "https://shop.example.com/rest/"
  ingest_auth       = "token"
}

run "declared_versions_need_no_values" {
  command = plan

  variables {
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
    error_message = "Terraform must not write a version that exists."
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.consumer : alltrue([for secret in function.service_config[0].secret_environment_variables : secret.version == "1"])])
    error_message = "The consumers must read the declared versions."
  }
  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].secret_environment_variables[0].version == "7"
    error_message = "Ingest must read the declared version."
  }
}

run "values_are_written_as_a_new_version" {
  command = plan

  variables {
    secrets          = { INGEST_TOKENS = "made-up" }
    secrets_revision = 2
    secret_versions = {
      COMMERCE_ACCESS_TOKEN        = "1"
      COMMERCE_ACCESS_TOKEN_SECRET = "1"
      COMMERCE_CONSUMER_KEY        = "1"
      COMMERCE_CONSUMER_SECRET     = "1"
    }
  }

  assert {
    condition     = keys(google_secret_manager_secret_version.main) == ["INGEST_TOKENS"]
    error_message = "A secret without a declared version must be written from its value."
  }
  assert {
    condition     = alltrue([for version in google_secret_manager_secret_version.main : version.secret_data_wo_version == "2" && version.deletion_policy == "ABANDON"])
    error_message = "secrets_revision must write the value as a new version, and keep the old one."
  }
}
