# Every option of variables_protection.tf at once and the outbound direction, and a second plan. It changes nothing, which
# tests/terraform reads in it.

mock_provider "archive" {}
mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_resource "google_compute_address" {
    defaults = { address = "203.0.113.7" }
  }
  mock_resource "google_compute_global_address" {
    defaults = { address = "203.0.113.8" }
  }
}

variables {
  project_id        = "acme-shop"
  region            = "europe-west1"
  commerce_base_url = "https://shop.example.com/rest/"
  ingest_auth       = "token"
  ledger_key        = "made-up-0123456789-0123456789-012"
  secrets = {
    COMMERCE_ACCESS_TOKEN        = "made-up"
    COMMERCE_ACCESS_TOKEN_SECRET = "made-up"
    COMMERCE_CONSUMER_KEY        = "made-up"
    COMMERCE_CONSUMER_SECRET     = "made-up"
    INGEST_TOKENS                = "made-up"
    TARGET_SECRETS               = "made-up"
    TARGET_TOKEN                 = "made-up"
  }

  consumers = { outbound = { concurrency = 8 } }
  outbound = {
    oauth_client_id = "client-1"
    settings        = { TARGET_URL_ORDER = "https://erp.example.com/orders" }
    target_auth     = "token"
    target_url      = "https://erp.example.com/events"
  }

  allowed_persistence_regions   = ["europe-west1", "europe-west4"]
  audit_logs                    = true
  consumer_ingress              = "ALLOW_INTERNAL_ONLY"
  egress                        = {}
  ingest_ingress                = "ALLOW_INTERNAL_AND_GCLB"
  kms_key                       = "projects/acme-keys/locations/europe-west1/keyRings/commerce/cryptoKeys/events"
  ledger_delete_protection      = true
  ledger_point_in_time_recovery = true
  load_balancer                 = { domains = ["events.example.com"], allowed_ranges = ["198.51.100.0/24", "203.0.113.7/32"], requests_per_minute = 100 }
  unauthorized_alert_requests   = 50
}

run "protected" {
  command = apply

  # The outbound direction
  assert {
    condition     = [for entity in keys(google_pubsub_topic.entity) : entity if startswith(entity, "outbound-")] == ["outbound-customer", "outbound-customer-group", "outbound-order", "outbound-product", "outbound-stock"] && keys(google_pubsub_subscription.entity) == keys(google_pubsub_topic.entity)
    error_message = "Each outbound entity must have a topic and a subscription."
  }
  assert {
    condition     = alltrue([for entity, subscription in google_pubsub_subscription.entity : subscription.push_config[0].push_endpoint == google_cloudfunctions2_function.consumer["outbound"].service_config[0].uri if startswith(entity, "outbound-")])
    error_message = "One consumer must serve every outbound entity."
  }
  assert {
    condition     = { for entity, grant in google_pubsub_topic_iam_member.commerce_events : entity => grant.member } == { for entity in keys(google_pubsub_topic.entity) : entity => google_service_account.commerce_events["commerce_events"].member if startswith(entity, "outbound-") } && google_pubsub_topic_iam_member.dead_letters_commerce_events["commerce_events"].topic == google_pubsub_topic.dead_letters.id
    error_message = "The receiver may publish outbound events and dead letters, nothing else."
  }
  assert {
    condition     = !anytrue([for entity in keys(google_pubsub_topic_iam_member.ingest) : startswith(entity, "outbound-")])
    error_message = "Ingest may not publish outbound events."
  }
  assert {
    condition = google_cloudfunctions2_function.commerce_events["commerce_events"].service_config[0].environment_variables == tomap({
      COMMERCE_EVENTS_AUTH = "adobe"
      DEAD_LETTER_TOPIC    = "commerce-dead-letters"
      GOOGLE_CLOUD_PROJECT = "acme-shop"
      LOG_EXECUTION_ID     = "false"
      LOG_LEVEL            = "INFO"
      OAUTH_CLIENT_ID      = "client-1"
      PUBSUB_ENDPOINT      = "europe-west1-pubsub.googleapis.com:443"
      TOPIC_PREFIX         = "commerce-"
    }) && length(google_cloudfunctions2_function.commerce_events["commerce_events"].service_config[0].secret_environment_variables) == 0
    error_message = "The receiver must get its settings with their values, and no secret."
  }
  assert {
    condition = google_cloudfunctions2_function.consumer["outbound"].service_config[0].environment_variables == tomap({
      DEAD_LETTER_TOPIC      = "commerce-dead-letters"
      ECHO_SECONDS           = "600"
      GOOGLE_CLOUD_PROJECT   = "acme-shop"
      LEDGER                 = "firestore:commerce-ledger"
      LOG_EXECUTION_ID       = "false"
      LOG_LEVEL              = "INFO"
      PUBSUB_ENDPOINT        = "europe-west1-pubsub.googleapis.com:443"
      TARGET_TIMEOUT_SECONDS = "30"
      TARGET_URL             = "https://erp.example.com/events"
      TARGET_URL_ORDER       = "https://erp.example.com/orders"
      THREADS                = "8"
      TOPIC_PREFIX           = "commerce-"
    })
    error_message = "The outbound consumer must get its settings with their values, and none of Commerce's."
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.consumer : function.service_config[0].environment_variables["ECHO_SECONDS"] == "600"])
    error_message = "Both directions must recognise changes of ours for the same time."
  }
  assert {
    condition     = { for domain, function in google_cloudfunctions2_function.consumer : domain => join(" ", sort([for secret in function.service_config[0].secret_environment_variables : secret.key])) } == merge({ for domain in ["customer", "order", "product", "stock"] : domain => "COMMERCE_ACCESS_TOKEN COMMERCE_ACCESS_TOKEN_SECRET COMMERCE_CONSUMER_KEY COMMERCE_CONSUMER_SECRET LEDGER_KEY" }, { outbound = "LEDGER_KEY TARGET_SECRETS TARGET_TOKEN" })
    error_message = "The outbound consumer must have the target's secrets and not Commerce's, the others the reverse."
  }
  assert {
    condition     = [for grant in google_secret_manager_secret_iam_member.reader : true if grant.member == google_service_account.consumer["outbound"].member && strcontains(grant.secret_id, "COMMERCE")] == [] && google_cloud_run_service_iam_member.commerce_events["commerce_events"].member == "allUsers"
    error_message = "Its account may read no secret of Commerce, and Adobe must be able to call the receiver."
  }
  assert {
    condition     = output.commerce_events_url == google_cloudfunctions2_function.commerce_events["commerce_events"].service_config[0].uri && keys(output.commerce_parallel_calls) == ["customer", "order", "product", "stock"] && output.service_accounts["commerce_events"] == google_service_account.commerce_events["commerce_events"].email
    error_message = "The outputs must name the receiver, and the outbound consumer does not call Commerce."
  }
  assert {
    condition     = contains(keys(google_monitoring_alert_policy.main), "commerce_events_errors") && strcontains(google_monitoring_dashboard.main.dashboard_json, "commerce-events\\\"") && strcontains(google_logging_metric.main["alarms"].filter, "\"commerce-commerce-events\"")
    error_message = "Alert, dashboard and metrics must cover the receiver."
  }

  # Network
  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].ingress_settings == "ALLOW_INTERNAL_AND_GCLB" && alltrue([for function in google_cloudfunctions2_function.consumer : function.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"])
    error_message = "The ingress settings must reach their functions."
  }
  assert {
    condition = alltrue([
      for function in google_cloudfunctions2_function.consumer :
      function.service_config[0].direct_vpc_egress == "VPC_EGRESS_ALL_TRAFFIC"
      && function.service_config[0].direct_vpc_network_interface[0].subnetwork == google_compute_subnetwork.egress["egress"].id
    ])
    error_message = "All traffic of the consumers must go through the subnet."
  }
  assert {
    condition     = length(google_cloudfunctions2_function.ingest.service_config[0].direct_vpc_network_interface) == 0
    error_message = "Ingest does not call Commerce and needs no fixed address."
  }
  assert {
    condition     = google_compute_router_nat.egress["egress"].nat_ip_allocate_option == "MANUAL_ONLY" && google_compute_router_nat.egress["egress"].nat_ips == toset([google_compute_address.egress["egress"].id]) && one(google_compute_router_nat.egress["egress"].subnetwork).name == google_compute_subnetwork.egress["egress"].id
    error_message = "Cloud NAT must give the subnet the reserved address and no other."
  }
  assert {
    condition     = google_compute_router_nat.egress["egress"].router == google_compute_router.egress["egress"].name && google_compute_router.egress["egress"].network == google_compute_network.egress["egress"].id && google_compute_subnetwork.egress["egress"].network == google_compute_network.egress["egress"].id && google_compute_subnetwork.egress["egress"].private_ip_google_access
    error_message = "Router and subnet must be in one network, which reaches Google's APIs."
  }
  assert {
    condition     = output.egress_ip == "203.0.113.7" && output.load_balancer_ip == "203.0.113.8" && output.ingest_url == "https://events.example.com"
    error_message = "The outputs must name the addresses and the domain."
  }

  # Load balancer
  assert {
    condition = { for rule in google_compute_security_policy.ingest["ingest"].rule : tostring(rule.priority) => "${rule.action} ${join(" ", sort(rule.match[0].config[0].src_ip_ranges))}" } == {
      "1000"       = "throttle 198.51.100.0/24 203.0.113.7/32"
      "2147483647" = "deny(403) *"
    }
    error_message = "Only the admitted ranges may reach ingest."
  }
  assert {
    condition     = [for rule in google_compute_security_policy.ingest["ingest"].rule : [rule.rate_limit_options[0].rate_limit_threshold[0].count, rule.rate_limit_options[0].enforce_on_key, rule.rate_limit_options[0].exceed_action] if rule.priority == 1000] == [[100, "IP", "deny(429)"]]
    error_message = "Each address must have the limit."
  }
  assert {
    condition     = google_compute_region_network_endpoint_group.ingest["ingest"].cloud_run[0].service == "commerce-ingest" && google_compute_backend_service.ingest["ingest"].security_policy == google_compute_security_policy.ingest["ingest"].id && one(google_compute_backend_service.ingest["ingest"].backend).group == google_compute_region_network_endpoint_group.ingest["ingest"].id
    error_message = "The load balancer must send to ingest, through Cloud Armor."
  }
  assert {
    condition     = !google_compute_backend_service.ingest["ingest"].log_config[0].enable
    error_message = "With tokens the load balancer may not log requests: an address can contain a token."
  }
  assert {
    condition     = google_compute_global_forwarding_rule.ingest["ingest"].port_range == "443" && google_compute_global_forwarding_rule.ingest["ingest"].target == google_compute_target_https_proxy.ingest["ingest"].id && google_compute_target_https_proxy.ingest["ingest"].url_map == google_compute_url_map.ingest["ingest"].id && google_compute_url_map.ingest["ingest"].default_service == google_compute_backend_service.ingest["ingest"].id
    error_message = "The address must lead to the backend, by HTTPS only."
  }
  assert {
    condition     = google_compute_managed_ssl_certificate.ingest["ingest"].managed[0].domains == tolist(["events.example.com"]) && google_compute_ssl_policy.ingest["ingest"].min_tls_version == "TLS_1_2"
    error_message = "The certificate must be for the domain, with TLS 1.2 or newer."
  }
  assert {
    condition     = contains(keys(google_project_service.main), "compute.googleapis.com")
    error_message = "Networks and load balancers need the API compute.googleapis.com."
  }

  # Encryption
  assert {
    condition     = alltrue([for topic in concat(values(google_pubsub_topic.entity), [google_pubsub_topic.dead_letters]) : topic.kms_key_name == var.kms_key && topic.message_storage_policy[0].allowed_persistence_regions == toset(["europe-west1", "europe-west4"])])
    error_message = "Every topic must have the key and the regions."
  }
  assert {
    condition     = google_storage_bucket.source.encryption[0].default_kms_key_name == var.kms_key && google_firestore_database.ledger.cmek_config[0].kms_key_name == var.kms_key
    error_message = "Bucket and database must have the key."
  }
  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.main : length(secret.replication[0].auto) == 0 && secret.replication[0].user_managed[0].replicas[0].location == "europe-west1" && secret.replication[0].user_managed[0].replicas[0].customer_managed_encryption[0].kms_key_name == var.kms_key])
    error_message = "Every secret must have the key, and its replica in the region of the key."
  }
  assert {
    condition     = { for service, grant in google_kms_crypto_key_iam_member.agent : service => [grant.crypto_key_id, grant.role, grant.member] } == { for service in ["gcp-sa-firestore", "gcp-sa-pubsub", "gcp-sa-secretmanager", "gs-project-accounts"] : service => [var.kms_key, "roles/cloudkms.cryptoKeyEncrypterDecrypter", "serviceAccount:service-123456789012@${service}.iam.gserviceaccount.com"] }
    error_message = "The four service agents must be able to use the key."
  }

  # Ledger, audit logs, alert
  assert {
    condition     = google_firestore_database.ledger.delete_protection_state == "DELETE_PROTECTION_ENABLED" && google_firestore_database.ledger.point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_ENABLED"
    error_message = "The database must be protected and recoverable."
  }
  assert {
    condition     = { for service, config in google_project_iam_audit_config.data_access : service => join(" ", sort([for log in config.audit_log_config : log.log_type])) } == { for service in ["datastore.googleapis.com", "pubsub.googleapis.com", "secretmanager.googleapis.com"] : service => "ADMIN_READ DATA_READ DATA_WRITE" }
    error_message = "All accesses to messages, secrets and records must be logged."
  }
  assert {
    condition     = google_monitoring_alert_policy.main["unauthorized"].conditions[0].condition_threshold[0].threshold_value == 50 && endswith(google_monitoring_alert_policy.main["unauthorized"].conditions[0].condition_threshold[0].filter, " AND metric.labels.response_code=\"401\"")
    error_message = "The alert must count responses with 401."
  }
}

run "again" {
  command = plan
}
