# The deployment with other values, and each kind of authentication.

mock_provider "archive" {}
mock_provider "google" {
  mock_resource "google_monitoring_dashboard" {
    defaults = { id = "projects/123456789012/dashboards/d4-5b" }
  }
  mock_resource "google_secret_manager_secret_version" {
    defaults = { version = "1" }
  }
}

variables {
  project_id        = "acme-shop"
  region            = "europe-west1"
  commerce_base_url = "https://shop.example.com/rest/"
  ingest_auth       = "token"
  ledger_key        = "made-up-0123456789-0123456789-012"
  secrets = {
    COMMERCE_ACCESS_TOKEN        = "made-up-1"
    COMMERCE_ACCESS_TOKEN_SECRET = "made-up-2"
    COMMERCE_CONSUMER_KEY        = "made-up-3"
    COMMERCE_CONSUMER_SECRET     = "made-up-4"
    INGEST_TOKENS                = "made-up-5"
  }
}

run "overrides_reach_their_resources" {
  command = plan

  variables {
    ledger_key = ""
    secrets    = {}
    secret_versions = {
      COMMERCE_ACCESS_TOKEN        = "1"
      COMMERCE_ACCESS_TOKEN_SECRET = "1"
      COMMERCE_CONSUMER_KEY        = "1"
      COMMERCE_CONSUMER_SECRET     = "1"
      INGEST_HMAC_SECRETS          = "7"
      LEDGER_KEY                   = "1"
    }
    commerce_settings        = { COMMERCE_ATTRIBUTE_SET_ID = "9" }
    commerce_timeout_seconds = 180 # three calls just fit into 540 s
    consumers                = { stock = { concurrency = 8, max_instances = 3, memory_mb = 1024, min_instances = 1 } }
    entities                 = { stock = { ordered = false, max_delivery_attempts = 20, minimum_backoff_seconds = 1 } }
    ingest                   = { concurrency = 40, max_instances = 5, memory_mb = 256, min_instances = 1 }
    ingest_auth              = "hmac"
    ingest_invokers          = ["serviceAccount:erp@acme-shop.iam.gserviceaccount.com"]
    ingest_settings          = { MAX_BODY_BYTES = "4096" }
    log_level                = "WARNING"
    request_logs             = ["consumers", "ingest"]
    status_endpoint          = true
  }

  assert {
    condition     = length(google_logging_project_exclusion.requests) + length(google_logging_project_exclusion.query_token) == 0
    error_message = "Without tokens, and with all request logs, no entry may be excluded."
  }
  assert {
    condition     = keys(google_cloud_run_service_iam_member.ingest) == ["serviceAccount:erp@acme-shop.iam.gserviceaccount.com"]
    error_message = "Only the named members may call ingest."
  }
  assert {
    condition     = google_project_iam_member.ledger["ingest"].role == "roles/datastore.viewer"
    error_message = "With status_endpoint ingest must read the ledger, and may not write it."
  }

  assert {
    condition     = { for entity, subscription in google_pubsub_subscription.entity : entity => [subscription.enable_message_ordering, subscription.dead_letter_policy[0].max_delivery_attempts, subscription.retry_policy[0].minimum_backoff] } == merge({ for entity in ["customer", "customer-group", "order", "product"] : entity => [true, 100, "10s"] }, { stock = [false, 20, "1s"] })
    error_message = "Only the subscription of stock must differ."
  }
  assert {
    condition     = { for domain, function in google_cloudfunctions2_function.consumer : domain => [function.service_config[0].max_instance_request_concurrency, function.service_config[0].environment_variables["THREADS"], function.service_config[0].environment_variables["COMMERCE_CONCURRENCY"], function.service_config[0].max_instance_count] } == { customer = [4, "4", "4", 1], order = [4, "4", "4", 1], product = [4, "4", "4", 1], stock = [8, "8", "8", 3] }
    error_message = "The concurrency of Cloud Run, the threads of the function and its parallel calls must be equal."
  }
  assert {
    condition     = output.commerce_parallel_calls == { customer = 4, order = 4, product = 4, stock = 24 }
    error_message = "commerce_parallel_calls must be instances times threads."
  }
  assert {
    condition = [
      for service in [google_cloudfunctions2_function.consumer["stock"].service_config[0], google_cloudfunctions2_function.consumer["order"].service_config[0], google_cloudfunctions2_function.ingest.service_config[0]] :
      [service.available_memory, service.max_instance_count, service.max_instance_request_concurrency, service.min_instance_count]
    ] == [["1024Mi", 3, 8, 1], ["512Mi", 1, 4, 0], ["256Mi", 5, 40, 1]]
    error_message = "Each limit must reach its function."
  }
  assert {
    condition = alltrue([
      for function in google_cloudfunctions2_function.consumer : {
        for name in ["COMMERCE_ATTRIBUTE_SET_ID", "COMMERCE_BASE_URL", "COMMERCE_TIMEOUT_SECONDS", "DEAD_LETTER_TOPIC", "GOOGLE_CLOUD_PROJECT", "LEDGER", "LOG_EXECUTION_ID", "LOG_LEVEL", "PUBSUB_ENDPOINT", "TOPIC_PREFIX"] : name => function.service_config[0].environment_variables[name]
        } == {
        COMMERCE_ATTRIBUTE_SET_ID = "9"
        COMMERCE_BASE_URL         = "https://shop.example.com/rest/"
        COMMERCE_TIMEOUT_SECONDS  = "180"
        DEAD_LETTER_TOPIC         = "commerce-dead-letters"
        GOOGLE_CLOUD_PROJECT      = "acme-shop"
        LEDGER                    = "firestore:commerce-ledger"
        LOG_EXECUTION_ID          = "false"
        LOG_LEVEL                 = "WARNING"
        PUBSUB_ENDPOINT           = "europe-west1-pubsub.googleapis.com:443"
        TOPIC_PREFIX              = "commerce-"
      }
    ])
    error_message = "Every consumer must get its settings with their values."
  }
  assert {
    condition = google_cloudfunctions2_function.ingest.service_config[0].environment_variables == tomap({
      GOOGLE_CLOUD_PROJECT = "acme-shop"
      INGEST_AUTH          = "hmac"
      LEDGER               = "firestore:commerce-ledger"
      LOG_EXECUTION_ID     = "false"
      LOG_LEVEL            = "WARNING"
      MAX_BODY_BYTES       = "4096"
      PUBSUB_ENDPOINT      = "europe-west1-pubsub.googleapis.com:443"
      TOPIC_PREFIX         = "commerce-"
    })
    error_message = "Ingest must get its settings with their values."
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
    condition     = { for secret in google_cloudfunctions2_function.ingest.service_config[0].secret_environment_variables : secret.key => secret.version } == { INGEST_HMAC_SECRETS = "7", LEDGER_KEY = "1" }
    error_message = "Ingest must read the declared versions of the chosen authentication and, with status_endpoint, of the ledger's key."
  }
}

run "another_deployment_in_another_region" {
  command = plan

  variables {
    commerce_base_url = "https://na1.api.commerce.adobe.com/tenant/"
    commerce_settings = { OAUTH_CLIENT_ID = "id", OAUTH_ORG_ID = "org" }
    ingest_auth       = "oidc"
    ingest_settings   = { INGEST_OIDC_EMAILS = "erp@partner.iam.gserviceaccount.com" }
    ledger_key        = ""
    secrets           = { OAUTH_CLIENT_SECRET = "made-up" }
    secrets_revision  = 2
    secret_versions   = { LEDGER_KEY = "3" }
    message_ordering  = false
    prefix            = "shop2-"
    region            = "us-central1"
  }

  assert {
    condition     = !anytrue([for subscription in google_pubsub_subscription.entity : subscription.enable_message_ordering])
    error_message = "message_ordering = false must reach every subscription."
  }
  assert {
    condition = toset(concat(
      [for function in google_cloudfunctions2_function.consumer : function.location],
      [
        google_artifact_registry_repository.functions.location,
        google_cloudfunctions2_function.ingest.location,
        google_firestore_database.ledger.location_id,
        google_storage_bucket.source.location,
        trimsuffix(google_cloudfunctions2_function.ingest.service_config[0].environment_variables["PUBSUB_ENDPOINT"], "-pubsub.googleapis.com:443"),
      ],
    )) == toset(["us-central1"])
    error_message = "Functions, database, sources, images and the Pub/Sub endpoint must be in the region."
  }
  assert {
    condition = alltrue([
      for name in concat(
        [for topic in google_pubsub_topic.entity : topic.name],
        [for subscription in google_pubsub_subscription.entity : subscription.name],
        [for function in google_cloudfunctions2_function.consumer : function.name],
        [for account in google_service_account.consumer : account.account_id],
        [for secret in google_secret_manager_secret.main : secret.secret_id],
        [for metric in google_logging_metric.main : metric.name],
        [for policy in google_monitoring_alert_policy.main : policy.display_name],
        [
          google_artifact_registry_repository.functions.repository_id,
          google_cloudfunctions2_function.ingest.name,
          google_firestore_database.ledger.name,
          google_logging_project_exclusion.requests["consumers"].name,
          google_pubsub_subscription.dead_letters.name,
          google_pubsub_topic.dead_letters.name,
          google_service_account.build.account_id,
          google_service_account.ingest.account_id,
          google_service_account.push.account_id,
          trimprefix(google_storage_bucket.source.name, "acme-shop-"),
        ],
      ) : startswith(name, "shop2-")
    ])
    error_message = "Every name must start with the prefix."
  }
  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].environment_variables["TOPIC_PREFIX"] == "shop2-"
    error_message = "Ingest must publish to the topics of its own deployment."
  }
  assert {
    condition     = output.operator_environment == "export GOOGLE_CLOUD_PROJECT=acme-shop\nexport LEDGER=firestore:shop2-ledger\nexport LEDGER_KEY=\"$(gcloud secrets versions access 3 --secret=shop2-LEDGER_KEY --project=acme-shop)\"\nexport PUBSUB_ENDPOINT=us-central1-pubsub.googleapis.com:443\nexport TOPIC_PREFIX=shop2-\n"
    error_message = "operator_environment must select this deployment."
  }
  assert {
    condition     = keys(google_secret_manager_secret_version.main) == ["OAUTH_CLIENT_SECRET"]
    error_message = "A secret without a declared version must be written from its value."
  }
  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].environment_variables["INGEST_OIDC_AUDIENCE"] == "https://us-central1-acme-shop.cloudfunctions.net/shop2-ingest" && output.ingest_audience == "https://us-central1-acme-shop.cloudfunctions.net/shop2-ingest"
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
  assert {
    condition     = alltrue([for version in google_secret_manager_secret_version.main : version.secret_data_wo_version == "2" && version.deletion_policy == "ABANDON"])
    error_message = "secrets_revision must write the value as a new version, and keep the old one."
  }
}
