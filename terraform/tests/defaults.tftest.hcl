# The deployment with default values. Each run loads the providers' schemas, which takes seconds, so a run asserts everything
# about one set of variables.

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

  variables {
    kms_key = "projects/acme-keys/locations/europe-west1/keyRings/commerce/cryptoKeys/events"
  }

  expect_failures = [terraform_data.kms_key]
}
