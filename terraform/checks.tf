check "door" {
  assert {
    condition     = var.ingest_auth != "none"
    error_message = "ingest_auth = \"none\": whoever knows the address can change this shop's products, customers, orders and stock. Use token, hmac or oidc, or close ingest to the public with ingest_invokers."
  }
}

check "order" {
  assert {
    condition     = local.delivery.function_timeout_seconds < local.delivery.ack_deadline_seconds && local.delivery.handler_budget_seconds < local.delivery.function_timeout_seconds
    error_message = "functions/events/delivery.json: the handler's budget must end before the function's timeout, and that before the ack deadline; else a message is delivered again while it is still worked on."
  }
}
