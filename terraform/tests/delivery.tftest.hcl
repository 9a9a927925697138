# What is promised about the way of an event.

mock_provider "archive" {}
mock_provider "google" {
  mock_resource "google_monitoring_dashboard" {
    defaults = { id = "projects/123456789012/dashboards/d4-5b" }
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

run "every_entity_of_the_catalogue_has_topic_and_subscription" {
  command = plan

  assert {
    condition     = { for entity, topic in google_pubsub_topic.entity : entity => topic.name } == { for entity in ["customer", "customer-group", "order", "product", "stock"] : entity => "commerce-${entity}" }
    error_message = "Topics must be prefix + entity."
  }
  assert {
    condition     = keys(google_pubsub_subscription.entity) == keys(google_pubsub_topic.entity)
    error_message = "Each topic needs its subscription."
  }
}

run "one_consumer_per_domain" {
  command = plan

  assert {
    condition     = keys(google_cloudfunctions2_function.consumer) == ["customer", "order", "product", "stock"]
    error_message = "There must be one consumer per domain of the catalogue."
  }
  assert {
    condition     = alltrue([for function in concat(values(google_cloudfunctions2_function.consumer), [google_cloudfunctions2_function.ingest]) : function.build_config[0].runtime == "python313"])
    error_message = "All functions run on Python 3.13."
  }
}

run "the_deadline_outlasts_the_function" {
  command = plan

  assert {
    condition     = alltrue([for subscription in google_pubsub_subscription.entity : subscription.ack_deadline_seconds == 600])
    error_message = "The ack deadline must be 600 s."
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.consumer : function.service_config[0].timeout_seconds == 590])
    error_message = "The function's timeout must be 590 s."
  }
}

run "retries_span_hours" {
  command = plan

  assert {
    condition     = alltrue([for subscription in google_pubsub_subscription.entity : subscription.retry_policy[0].minimum_backoff == "10s" && subscription.retry_policy[0].maximum_backoff == "600s" && subscription.dead_letter_policy[0].max_delivery_attempts == 100])
    error_message = "Retries must go from 10 s to 600 s, 100 times."
  }
}

run "messages_are_kept_7_days_and_dead_letters_31" {
  command = plan

  assert {
    condition     = alltrue([for subscription in google_pubsub_subscription.entity : subscription.message_retention_duration == "604800s"])
    error_message = "Messages must be kept 7 days."
  }
  assert {
    condition     = google_pubsub_subscription.dead_letters.message_retention_duration == "2678400s"
    error_message = "Dead letters must be kept 31 days."
  }
}

run "no_subscription_ever_expires" {
  command = plan

  assert {
    condition     = alltrue([for subscription in concat(values(google_pubsub_subscription.entity), [google_pubsub_subscription.dead_letters]) : subscription.expiration_policy[0].ttl == ""])
    error_message = "expiration_policy.ttl must be empty, which means never."
  }
}

run "events_of_one_thing_stay_in_order" {
  command = plan

  assert {
    condition     = alltrue([for subscription in google_pubsub_subscription.entity : subscription.enable_message_ordering])
    error_message = "Ordering is on by default."
  }
  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].environment_variables["PUBSUB_ENDPOINT"] == "europe-west1-pubsub.googleapis.com:443"
    error_message = "Ingest must publish through its own region's endpoint."
  }
}

run "ordering_can_be_switched_off" {
  command = plan

  variables {
    message_ordering = false
  }

  assert {
    condition     = !anytrue([for subscription in google_pubsub_subscription.entity : subscription.enable_message_ordering])
    error_message = "message_ordering = false must reach every subscription."
  }
}

run "one_entity_can_differ" {
  command = plan

  variables {
    entities = { stock = { ordered = false, max_delivery_attempts = 20, minimum_backoff_seconds = 1 } }
  }

  assert {
    condition     = { for entity, subscription in google_pubsub_subscription.entity : entity => [subscription.enable_message_ordering, subscription.dead_letter_policy[0].max_delivery_attempts, subscription.retry_policy[0].minimum_backoff] } == merge({ for entity in ["customer", "customer-group", "order", "product"] : entity => [true, 100, "10s"] }, { stock = [false, 20, "1s"] })
    error_message = "Only stock should differ."
  }
}

run "threads_equal_concurrency" {
  command = plan

  variables {
    consumers = { stock = { concurrency = 8, max_instances = 3 } }
  }

  assert {
    condition     = { for domain, function in google_cloudfunctions2_function.consumer : domain => [function.service_config[0].max_instance_request_concurrency, function.service_config[0].environment_variables["THREADS"], function.service_config[0].environment_variables["COMMERCE_CONCURRENCY"], function.service_config[0].max_instance_count] } == { customer = [2, "2", "2", 2], order = [2, "2", "2", 2], product = [2, "2", "2", 2], stock = [8, "8", "8", 3] }
    error_message = "What Cloud Run lets in at once, the function's threads and its calls must agree."
  }
  assert {
    condition     = output.commerce_parallel_calls == { customer = 4, order = 4, product = 4, stock = 24 }
    error_message = "Calls at once are instances times threads."
  }
}

run "limits_are_what_was_asked_for" {
  command = plan

  variables {
    consumers = { stock = { memory_mb = 1024, min_instances = 1 } }
    ingest    = { concurrency = 40, max_instances = 5, memory_mb = 256, min_instances = 1 }
  }

  assert {
    condition = [
      for service in [google_cloudfunctions2_function.consumer["stock"].service_config[0], google_cloudfunctions2_function.consumer["order"].service_config[0], google_cloudfunctions2_function.ingest.service_config[0]] :
      [service.available_memory, service.max_instance_count, service.max_instance_request_concurrency, service.min_instance_count]
    ] == [["1024Mi", 2, 2, 1], ["512Mi", 2, 2, 0], ["256Mi", 5, 40, 1]]
    error_message = "Each limit must reach its function."
  }
}

run "settings_reach_the_functions" {
  command = plan

  variables {
    commerce_settings        = { COMMERCE_ATTRIBUTE_SET_ID = "9" }
    commerce_timeout_seconds = 180 # three calls just fit into 540 s
    ingest_settings          = { MAX_BODY_BYTES = "4096" }
    log_level                = "WARNING"
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
    error_message = "Every consumer must get its settings, with their values."
  }
  assert {
    condition = google_cloudfunctions2_function.ingest.service_config[0].environment_variables == tomap({
      GOOGLE_CLOUD_PROJECT = "acme-shop"
      INGEST_AUTH          = "token"
      LOG_EXECUTION_ID     = "false"
      LOG_LEVEL            = "WARNING"
      MAX_BODY_BYTES       = "4096"
      PUBSUB_ENDPOINT      = "europe-west1-pubsub.googleapis.com:443"
      TOPIC_PREFIX         = "commerce-"
    })
    error_message = "Ingest must get its settings, with their values."
  }
}

run "all_lies_in_one_region" {
  command = plan

  variables {
    region = "us-central1"
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
    error_message = "Functions, database, sources, images and Pub/Sub's endpoint must be the region's own."
  }
}

run "outputs_say_where_things_are" {
  command = apply

  assert {
    condition     = output.ingest_url == google_cloudfunctions2_function.ingest.service_config[0].uri
    error_message = "ingest_url must be where ingest answers."
  }
  assert {
    condition     = output.topics == { for entity, topic in google_pubsub_topic.entity : entity => topic.id } && output.subscriptions == { for entity, subscription in google_pubsub_subscription.entity : entity => subscription.id }
    error_message = "Topics and subscriptions must be told by entity."
  }
  assert {
    condition     = output.dead_letter_subscription == google_pubsub_subscription.dead_letters.id && output.ledger_database == "commerce-ledger"
    error_message = "Dead letters and ledger must be told."
  }
  assert {
    condition     = output.service_accounts == merge({ for domain, account in google_service_account.consumer : "${domain}-consumer" => account.email }, { build = google_service_account.build.email, ingest = google_service_account.ingest.email, push = google_service_account.push.email })
    error_message = "Every account must be told."
  }
  assert {
    condition     = output.secrets == { for name, secret in google_secret_manager_secret.main : name => "commerce-${name}" }
    error_message = "Every secret's name must be told."
  }
  assert {
    condition     = output.dashboard_url == "https://console.cloud.google.com/monitoring/dashboards/builder/d4-5b?project=acme-shop"
    error_message = "The link must lead to the dashboard."
  }
}

run "several_copies_share_a_project" {
  command = plan

  variables {
    prefix = "shop2-"
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
          google_logging_project_exclusion.query_token["token"].name,
          google_pubsub_subscription.dead_letters.name,
          google_pubsub_topic.dead_letters.name,
          google_service_account.build.account_id,
          google_service_account.ingest.account_id,
          google_service_account.push.account_id,
          trimprefix(google_storage_bucket.source.name, "acme-shop-"),
        ],
      ) : startswith(name, "shop2-")
    ])
    error_message = "Every name must begin with the prefix."
  }
  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].environment_variables["TOPIC_PREFIX"] == "shop2-"
    error_message = "Ingest must publish to the topics of its own copy."
  }
  assert {
    condition     = output.operator_environment == "export GOOGLE_CLOUD_PROJECT=acme-shop\nexport LEDGER=firestore:shop2-ledger\nexport PUBSUB_ENDPOINT=europe-west1-pubsub.googleapis.com:443\nexport TOPIC_PREFIX=shop2-\n"
    error_message = "The operator's commands must find this copy."
  }
}

run "destroy_leaves_nothing" {
  command = plan

  assert {
    condition     = google_firestore_database.ledger.deletion_policy == "DELETE"
    error_message = "The ledger's database must go with the rest."
  }
  assert {
    condition     = google_storage_bucket.source.force_destroy && google_storage_bucket.source.soft_delete_policy[0].retention_duration_seconds == 0
    error_message = "The source bucket must go with what it holds."
  }
  assert {
    condition     = alltrue([for service in google_project_service.main : !service.disable_on_destroy])
    error_message = "APIs stay: others in the project may use them."
  }
}

run "the_ledger_forgets" {
  command = plan

  assert {
    condition     = google_firestore_field.ledger_expires.collection == "ledger" && google_firestore_field.ledger_expires.field == "expires" && length(google_firestore_field.ledger_expires.ttl_config) == 1
    error_message = "The field expires of the collection ledger must carry a TTL policy."
  }
  assert {
    condition     = { for field, one in google_firestore_field.ledger : field => [for index in one.index_config[0].indexes : coalesce(index.order, index.array_config)] } == { "*" = [], things = ["CONTAINS"], uid = ["ASCENDING"] }
    error_message = "No field may be indexed but the two that are looked for."
  }
}
