locals {
  # The only list of entities and the only list of delivery parameters; Python reads both too.
  _catalog = jsondecode(file("${path.module}/../functions/events/catalog.json"))
  catalog  = { for name, entity in local._catalog : name => entity if entity.direction == "inbound" || var.outbound != null }
  delivery = jsondecode(file("${path.module}/../functions/events/delivery.json"))

  all_domains     = sort(distinct([for entity in local._catalog : entity.domain]))
  domains         = sort(distinct([for entity in local.catalog : entity.domain]))
  inbound_domains = sort(distinct([for entity in local.catalog : entity.domain if entity.direction == "inbound"]))
  target_domains  = sort(distinct([for entity in local.catalog : entity.domain if entity.direction == "outbound"]))

  entities = {
    for name, entity in local.catalog : name => {
      direction               = entity.direction
      domain                  = entity.domain
      max_delivery_attempts   = coalesce(try(var.entities[name].max_delivery_attempts, null), local.delivery.max_delivery_attempts)
      maximum_backoff_seconds = coalesce(try(var.entities[name].maximum_backoff_seconds, null), local.delivery.maximum_backoff_seconds)
      minimum_backoff_seconds = coalesce(try(var.entities[name].minimum_backoff_seconds, null), local.delivery.minimum_backoff_seconds)
      ordered                 = coalesce(try(var.entities[name].ordered, null), var.message_ordering)
    }
  }

  _consumer_default = { concurrency = 4, max_instances = 1, memory_mb = 512, min_instances = 0 }
  consumers         = { for domain in local.domains : domain => lookup(var.consumers, domain, local._consumer_default) }

  # The default of MAX_BODY_BYTES, and the memory of ingest without any request.
  max_body_default = "1048576"
  ingest_base_mb   = 128

  labels = merge({ application = "commerce-events" }, var.labels)

  commerce_is_saas = can(regex("^https://([A-Za-z0-9-]+\\.)?api\\.commerce\\.adobe\\.com/", var.commerce_base_url))
  commerce_sign_in = coalesce(var.commerce_sign_in, local.commerce_is_saas ? "ims" : "oauth1")

  # An event takes up to three calls, and no call starts without its full timeout left.
  commerce_timeout_limit_seconds = floor(local.delivery.handler_budget_seconds / 3)

  # Ordering applies to messages that are published through the endpoint of one region.
  pubsub_endpoint = "${var.region}-pubsub.googleapis.com:443"
}
