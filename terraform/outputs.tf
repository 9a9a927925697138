output "commerce_parallel_calls" {
  description = "How many calls can reach Commerce at once, per domain (instances × threads)."
  value       = { for domain, limits in local.consumers : domain => limits.max_instances * limits.concurrency }
}

output "dashboard_url" {
  description = "The dashboard in the Google Cloud console."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${element(split("/", google_monitoring_dashboard.main.id), 3)}?project=${var.project_id}"
}

output "dead_letter_subscription" {
  description = "Where refused and undeliverable events wait, 31 days."
  value       = google_pubsub_subscription.dead_letters.id
}

output "ingest_audience" {
  description = "The audience that Google ID tokens for ingest must carry (ingest_auth = \"oidc\")."
  value       = lookup(var.ingest_settings, "INGEST_OIDC_AUDIENCE", local.ingest_audience)
}

output "ingest_url" {
  description = "Where third parties send their events."
  value       = google_cloudfunctions2_function.ingest.service_config[0].uri

  depends_on = [google_cloud_run_service_iam_member.ingest]
}

output "ledger_database" {
  description = "The Firestore database that remembers what was handled."
  value       = google_firestore_database.ledger.name
}

output "operator_environment" {
  description = "What tells the operator's commands which deployment is meant: `eval \"$(terraform -chdir=terraform output -raw operator_environment)\"`."
  value = join("", [
    for name, value in {
      GOOGLE_CLOUD_PROJECT = var.project_id
      LEDGER               = local.ledger
      PUBSUB_ENDPOINT      = local.pubsub_endpoint
      TOPIC_PREFIX         = var.prefix
    } : "export ${name}=${value}\n"
  ])
}

output "secret_versions" {
  description = "Versions in use by environment variable, in the form that the variable `secret_versions` takes."
  value       = { for name in keys(local.secret_readers) : name => local.secret_versions[name] }
}

output "secrets" {
  description = "Names in Secret Manager by environment variable."
  value       = { for name, secret in google_secret_manager_secret.main : name => secret.secret_id }
}

output "service_accounts" {
  description = "E-mail addresses of the accounts: each function's, the pushes', the builds'."
  value = merge(
    { for domain, account in google_service_account.consumer : "${domain}-consumer" => account.email },
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
