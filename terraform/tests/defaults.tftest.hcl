# The deployment with other values and each kind of authentication, then with default values. Each run takes seconds, so it
# asserts everything about one set of variables.

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

run "defaults" {
  command = apply

  # Topics, subscriptions and consumers
  assert {
    condition     = { for entity, topic in google_pubsub_topic.entity : entity => topic.name } == { for entity in ["customer", "customer-group", "order", "product", "stock"] : entity => "commerce-${entity}" }
    error_message = "A topic's name must be the prefix and the entity."
  }
  assert {
    condition     = keys(google_pubsub_subscription.entity) == keys(google_pubsub_topic.entity)
    error_message = "Each topic must have a subscription."
  }
  assert {
    condition     = keys(google_cloudfunctions2_function.consumer) == ["customer", "order", "product", "stock"]
    error_message = "Each domain of the catalogue must have one consumer."
  }
  assert {
    condition     = alltrue([for function in concat(values(google_cloudfunctions2_function.consumer), [google_cloudfunctions2_function.ingest]) : function.build_config[0].runtime == "python313"])
    error_message = "All functions must run on Python 3.13."
  }

  # Deadlines, retries and retention
  assert {
    condition     = alltrue([for subscription in google_pubsub_subscription.entity : subscription.ack_deadline_seconds == 600])
    error_message = "The ack deadline must be 600 s."
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.consumer : function.service_config[0].timeout_seconds == 590])
    error_message = "A consumer's timeout must be 590 s, less than the ack deadline."
  }
  assert {
    condition     = alltrue([for subscription in google_pubsub_subscription.entity : subscription.retry_policy[0].minimum_backoff == "10s" && subscription.retry_policy[0].maximum_backoff == "600s" && subscription.dead_letter_policy[0].max_delivery_attempts == 100])
    error_message = "There must be 100 delivery attempts, 10 s to 600 s apart."
  }
  assert {
    condition     = alltrue([for subscription in google_pubsub_subscription.entity : subscription.message_retention_duration == "604800s"])
    error_message = "Messages must be kept 7 days."
  }
  assert {
    condition     = google_pubsub_subscription.dead_letters.message_retention_duration == "2678400s"
    error_message = "Dead letters must be kept 31 days."
  }
  assert {
    condition     = alltrue([for subscription in concat(values(google_pubsub_subscription.entity), [google_pubsub_subscription.dead_letters]) : subscription.expiration_policy[0].ttl == ""])
    error_message = "expiration_policy.ttl must be empty, which means never."
  }

  # Order
  assert {
    condition     = alltrue([for subscription in google_pubsub_subscription.entity : subscription.enable_message_ordering])
    error_message = "Message ordering must be on."
  }
  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].environment_variables["PUBSUB_ENDPOINT"] == "europe-west1-pubsub.googleapis.com:443"
    error_message = "Ingest must publish through the endpoint of its region."
  }

  # Ledger
  assert {
    condition     = google_firestore_field.ledger_expires.collection == "ledger" && google_firestore_field.ledger_expires.field == "expires" && length(google_firestore_field.ledger_expires.ttl_config) == 1
    error_message = "The field expires of the collection ledger must have a TTL policy."
  }
  assert {
    condition     = { for name, field in google_firestore_field.ledger : name => [for index in field.index_config[0].indexes : coalesce(index.order, index.array_config)] } == { "*" = [], resources = ["CONTAINS"], uid = ["ASCENDING"] }
    error_message = "Only the two fields that queries use may be indexed."
  }

  # Roles, and the token as authentication of third parties
  assert {
    condition     = google_logging_project_exclusion.query_token["token"].filter == "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"commerce-ingest\" AND log_id(\"run.googleapis.com/requests\") AND httpRequest.requestUrl:\"?\""
    error_message = "Request-log entries of ingest with a query must be excluded: it can contain a token."
  }
  assert {
    condition     = { for name, exclusion in google_logging_project_exclusion.requests : name => exclusion.filter } == { consumers = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(\"commerce-customer-consumer\" OR \"commerce-order-consumer\" OR \"commerce-product-consumer\" OR \"commerce-stock-consumer\") AND log_id(\"run.googleapis.com/requests\") AND httpRequest.status<300" }
    error_message = "Request-log entries of successful requests to consumers must be excluded, and no others."
  }
  assert {
    condition     = { for member, grant in google_cloud_run_service_iam_member.ingest : member => grant.role } == { allUsers = "roles/run.invoker" }
    error_message = "By default everyone must be able to call ingest: third parties have no Google identity."
  }
  assert {
    condition = toset(concat(
      [for grant in google_project_iam_member.ledger : grant.role],
      [google_project_iam_member.build_logs.role, google_project_iam_member.build_source.role],
    )) == toset(["roles/datastore.user", "roles/logging.logWriter", "roles/storage.objectViewer"])
    error_message = "Only roles that no resource accepts may be granted on the project."
  }
  assert {
    condition     = alltrue([for grant in google_project_iam_member.ledger : grant.condition[0].expression == "resource.name == \"projects/acme-shop/databases/commerce-ledger\""])
    error_message = "The role on the ledger must be limited to its database."
  }
  assert {
    condition     = !contains(keys(google_cloudfunctions2_function.ingest.service_config[0].environment_variables), "LEDGER") && !contains(keys(google_project_iam_member.ledger), "ingest")
    error_message = "Without status_endpoint ingest must have no access to the ledger."
  }
  assert {
    condition     = google_storage_bucket.source.public_access_prevention == "enforced" && google_storage_bucket.source.uniform_bucket_level_access
    error_message = "The source bucket must not be public."
  }

  # Secrets
  assert {
    condition     = keys(google_secret_manager_secret.main) == ["COMMERCE_ACCESS_TOKEN", "COMMERCE_ACCESS_TOKEN_SECRET", "COMMERCE_CONSUMER_KEY", "COMMERCE_CONSUMER_SECRET", "INGEST_TOKENS", "LEDGER_KEY"]
    error_message = "OAuth 1.0a has four secrets, tokens and the ledger have one each."
  }
  assert {
    condition     = google_secret_manager_secret_version.main["LEDGER_KEY"].secret_data_wo_version == "1" && alltrue([for version in google_secret_manager_secret_version.main : version.secret_data == null && version.secret_data_wo == null])
    error_message = "Neither plan nor state may contain the value of a secret."
  }
  assert {
    condition     = output.secret_versions == { for name in ["COMMERCE_ACCESS_TOKEN", "COMMERCE_ACCESS_TOKEN_SECRET", "COMMERCE_CONSUMER_KEY", "COMMERCE_CONSUMER_SECRET", "INGEST_TOKENS", "LEDGER_KEY"] : name => "1" }
    error_message = "The output must contain the versions in use."
  }

  # Protection is off
  assert {
    condition     = alltrue([for function in concat(values(google_cloudfunctions2_function.consumer), [google_cloudfunctions2_function.ingest]) : function.service_config[0].ingress_settings == "ALLOW_ALL" && length(function.service_config[0].direct_vpc_network_interface) == 0])
    error_message = "By default requests are accepted from everywhere, and no network is used."
  }
  assert {
    condition     = length(google_compute_network.egress) + length(google_compute_security_policy.ingest) + length(google_kms_crypto_key_iam_member.agent) + length(google_project_iam_audit_config.data_access) == 0 && !contains(keys(google_project_service.main), "compute.googleapis.com") && !contains(keys(google_monitoring_alert_policy.main), "unauthorized")
    error_message = "By default there must be no network, load balancer, key, audit log or further alert."
  }
  assert {
    condition     = alltrue([for topic in google_pubsub_topic.entity : topic.kms_key_name == null && length(topic.message_storage_policy) == 0]) && alltrue([for secret in google_secret_manager_secret.main : length(secret.replication[0].auto) == 1])
    error_message = "By default Google's keys encrypt, and messages are stored where Google's organisation policy says."
  }
  assert {
    condition     = google_firestore_database.ledger.delete_protection_state == "DELETE_PROTECTION_DISABLED" && google_firestore_database.ledger.point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_DISABLED"
    error_message = "By default the database can be deleted."
  }
  assert {
    condition     = output.egress_ip == null && output.load_balancer_ip == null
    error_message = "Without the options there are no addresses."
  }

  # The other direction is off
  assert {
    condition     = length(google_cloudfunctions2_function.commerce_events) + length(google_service_account.commerce_events) == 0 && output.commerce_events_url == null && keys(data.archive_file.function) == ["consumer", "ingest"]
    error_message = "Without outbound nothing of this direction may be deployed."
  }

  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.consumer : function.service_config[0].environment_variables["ECHO_SECONDS"] == "0"])
    error_message = "Without outbound no change may be noted: it costs operations of the ledger."
  }

  # Destroy
  assert {
    condition     = google_firestore_database.ledger.deletion_policy == "DELETE"
    error_message = "Destroy must delete the ledger's database."
  }
  assert {
    condition     = google_storage_bucket.source.force_destroy && google_storage_bucket.source.soft_delete_policy[0].retention_duration_seconds == 0
    error_message = "Destroy must delete the source bucket with its content."
  }
  assert {
    condition     = alltrue([for service in google_project_service.main : !service.disable_on_destroy])
    error_message = "Destroy must not disable APIs: other systems in the project may use them."
  }

  # Outputs
  assert {
    condition     = output.ingest_url == google_cloudfunctions2_function.ingest.service_config[0].uri
    error_message = "ingest_url must be the URL of ingest."
  }
  assert {
    condition     = output.topics == { for entity, topic in google_pubsub_topic.entity : entity => topic.id } && output.subscriptions == { for entity, subscription in google_pubsub_subscription.entity : entity => subscription.id }
    error_message = "topics and subscriptions must be keyed by entity."
  }
  assert {
    condition     = output.dead_letter_subscription == google_pubsub_subscription.dead_letters.id && output.ledger_database == "commerce-ledger"
    error_message = "dead_letter_subscription and ledger_database must name the resources."
  }
  assert {
    condition     = output.service_accounts == merge({ for domain, account in google_service_account.consumer : "${domain}-consumer" => account.email }, { build = google_service_account.build.email, ingest = google_service_account.ingest.email, push = google_service_account.push.email })
    error_message = "service_accounts must contain every account."
  }
  assert {
    condition     = output.secrets == { for name, secret in google_secret_manager_secret.main : name => "commerce-${name}" }
    error_message = "secrets must contain the name of every secret."
  }
  assert {
    condition     = output.dashboard_url == "https://console.cloud.google.com/monitoring/dashboards/builder/d4-5b?project=acme-shop"
    error_message = "dashboard_url must be the URL of the dashboard."
  }
}

run "kms_key_on_an_existing_deployment" {
  command = plan

  plan_options {
    target = [terraform_data.kms_key]
  }

  variables {
    kms_key = "projects/acme-keys/locations/europe-west1/keyRings/commerce/cryptoKeys/events"
  }

  expect_failures = [terraform_data.kms_key]
}
