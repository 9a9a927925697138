output "commerce_events_url" {
  description = "URL to register at Adobe I/O Events (`make connect-commerce`); null without `outbound`."
  value       = one([for function in google_cloudfunctions2_function.commerce_events : function.service_config[0].uri])

  depends_on = [google_cloud_run_service_iam_member.commerce_events]
}

output "commerce_parallel_calls" {
  description = "Maximum number of parallel calls to Commerce per domain (instances × threads)."
  value       = { for domain, limits in local.consumers : domain => limits.max_instances * limits.concurrency if contains(local.inbound_domains, domain) }
}

output "dashboard_url" {
  description = "URL of the dashboard in the Google Cloud console."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${element(split("/", google_monitoring_dashboard.main.id), 3)}?project=${var.project_id}"
}

output "dead_letter_subscription" {
  description = "Id of the subscription that keeps dead letters for 31 days."
  value       = google_pubsub_subscription.dead_letters.id
}

output "egress_ip" {
  description = "Address from which the consumers call Commerce, for the store's list of admitted addresses; null without `egress`."
  value       = one([for address in google_compute_address.egress : address.address])
}

output "ingest_audience" {
  description = "Audience that Google ID tokens for ingest must have (ingest_auth = \"oidc\")."
  value       = local.ingest_audience
}

output "ingest_url" {
  description = "URL to which third parties post events."
  value       = var.load_balancer == null ? google_cloudfunctions2_function.ingest.service_config[0].uri : "https://${var.load_balancer.domains[0]}"

  depends_on = [google_cloud_run_service_iam_member.ingest]
}

output "ledger_database" {
  description = "Name of the ledger's Firestore database."
  value       = google_firestore_database.ledger.name
}

output "load_balancer_ip" {
  description = "Address for the A records of the domains of `load_balancer`; null without it."
  value       = one([for address in google_compute_global_address.ingest : address.address])
}

output "operator_environment" {
  description = "Environment that selects this deployment for the operator commands: `eval \"$(terraform -chdir=terraform output -raw operator_environment)\"`. It reads LEDGER_KEY from Secret Manager with `gcloud`, and contains no secret itself."
  value = join("", [
    for name, value in {
      GOOGLE_CLOUD_PROJECT = var.project_id
      LEDGER               = local.ledger
      LEDGER_KEY           = "\"$(gcloud secrets versions access ${local.secret_versions["LEDGER_KEY"]} --secret=${var.prefix}LEDGER_KEY --project=${var.project_id})\""
      PUBSUB_ENDPOINT      = local.pubsub_endpoint
      TOPIC_PREFIX         = var.prefix
    } : "export ${name}=${value}\n"
  ])
}

output "secret_versions" {
  description = "Versions in use by environment variable, in the form of the variable `secret_versions`."
  value       = { for name in keys(local.secret_readers) : name => local.secret_versions[name] }
}

output "secrets" {
  description = "Secret Manager names by environment variable."
  value       = { for name, secret in google_secret_manager_secret.main : name => secret.secret_id }
}

output "service_accounts" {
  description = "E-mail addresses of the service accounts of functions, pushes and builds."
  value = merge(
    { for domain, account in google_service_account.consumer : "${domain}-consumer" => account.email },
    { for name, account in google_service_account.commerce_events : name => account.email },
    {
      build  = google_service_account.build.email
      ingest = google_service_account.ingest.email
      push   = google_service_account.push.email
    },
  )
}

output "subscriptions" {
  description = "Ids of the push subscriptions by entity."
  value       = { for entity, subscription in google_pubsub_subscription.entity : entity => subscription.id }
}

output "topics" {
  description = "Ids of the topics by entity."
  value       = { for entity, topic in google_pubsub_topic.entity : entity => topic.id }
}
