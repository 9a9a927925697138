check "authentication" {
  assert {
    condition     = var.ingest_auth != "none"
    error_message = "ingest_auth = \"none\": anyone who knows the URL can change products, customers, orders and stock. Use token, hmac or oidc, or restrict ingest_invokers."
  }
}

check "deadlines" {
  assert {
    condition     = local.delivery.function_timeout_seconds < local.delivery.ack_deadline_seconds && local.delivery.handler_budget_seconds < local.delivery.function_timeout_seconds
    error_message = "functions/events/delivery.json: handler_budget_seconds must be less than function_timeout_seconds, and that less than ack_deadline_seconds. Otherwise Pub/Sub redelivers a message that is still in flight."
  }
}
