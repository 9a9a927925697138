# Options of regulated and larger deployments. All are off by default, and docs/deploy.md says
# when to use each (Protection).

variable "allowed_persistence_regions" {
  description = "Regions in which Pub/Sub may store messages (message storage policy). Use it where data must not leave a region; it must include `region`."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.allowed_persistence_regions) == 0 || contains(var.allowed_persistence_regions, var.region)
    error_message = "allowed_persistence_regions must include region (${var.region}): ingest publishes through the endpoint of that region."
  }
}

variable "audit_logs" {
  description = "Write Data Access audit logs of Pub/Sub, Secret Manager and Firestore (service `datastore.googleapis.com`): who read which message, secret or record. They cost as log volume, and replace these services' audit configuration in the project."
  type        = bool
  default     = false
  nullable    = false
}

variable "consumer_ingress" {
  description = "From where the consumers accept requests: `ALLOW_ALL` (IAM still admits only Pub/Sub's account) or `ALLOW_INTERNAL_ONLY`, which admits the pushes of the same project."
  type        = string
  default     = "ALLOW_ALL"
  nullable    = false

  validation {
    condition     = contains(["ALLOW_ALL", "ALLOW_INTERNAL_ONLY"], var.consumer_ingress)
    error_message = "consumer_ingress must be \"ALLOW_ALL\" or \"ALLOW_INTERNAL_ONLY\"."
  }
}

variable "egress" {
  description = "Give the calls to Commerce a fixed outbound IP address (output `egress_ip`), for stores that admit known addresses only: `{}`, or another range of the subnet, at least /26. It takes Cloud NAT, and starts of instances become slower."
  type = object({
    ip_range = optional(string, "10.124.0.0/26")
  })
  default = null

  validation {
    condition     = var.egress == null || try(cidrhost(var.egress.ip_range, 0) == split("/", var.egress.ip_range)[0] && tonumber(split("/", var.egress.ip_range)[1]) <= 26, false)
    error_message = "egress = { ip_range = … } must be an IPv4 range of at least /26, like \"10.124.0.0/26\": Cloud Run reserves addresses in blocks of 16."
  }
}

variable "ingest_ingress" {
  description = "From where ingest accepts requests: `ALLOW_ALL`, `ALLOW_INTERNAL_AND_GCLB` (the project's networks and load balancers; needed with `load_balancer`) or `ALLOW_INTERNAL_ONLY` (the project's networks, for senders on Google Cloud)."
  type        = string
  default     = "ALLOW_ALL"
  nullable    = false

  validation {
    condition     = contains(["ALLOW_ALL", "ALLOW_INTERNAL_AND_GCLB", "ALLOW_INTERNAL_ONLY"], var.ingest_ingress)
    error_message = "ingest_ingress must be \"ALLOW_ALL\", \"ALLOW_INTERNAL_AND_GCLB\" or \"ALLOW_INTERNAL_ONLY\"."
  }
}

variable "kms_key" {
  description = "Cloud KMS key that encrypts topics, source bucket, secrets and the ledger's database (CMEK): `projects/…/locations/REGION/keyRings/…/cryptoKeys/…`. For new deployments only: on an existing one the plan fails, and nothing is replaced."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/[^/]+/locations/${var.region}/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "kms_key must be a key in the region, like projects/MY-PROJECT/locations/${var.region}/keyRings/commerce/cryptoKeys/events, without a version."
  }
}

variable "ledger_delete_protection" {
  description = "Reject the deletion of the ledger's database, by `terraform destroy` too. To delete it, set this to false and apply first."
  type        = bool
  default     = false
  nullable    = false
}

variable "ledger_point_in_time_recovery" {
  description = "Keep every version of the ledger's records for 7 days, so that the database can be restored to any minute. It costs as stored data."
  type        = bool
  default     = false
  nullable    = false
}

variable "load_balancer" {
  description = "Put an external Application Load Balancer with Cloud Armor in front of ingest, for a domain of your own, limits per address or a list of admitted addresses. `domains` need an A record to the output `load_balancer_ip`. It needs ingest_ingress = \"ALLOW_INTERNAL_AND_GCLB\"."
  type = object({
    allowed_ranges      = optional(set(string), [])
    domains             = list(string)
    requests_per_minute = optional(number, 600)
  })
  default = null

  validation {
    condition     = var.load_balancer == null || try(length(var.load_balancer.domains) > 0 && alltrue([for domain in var.load_balancer.domains : can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", domain))]), false)
    error_message = "load_balancer needs the domain names of ingest: { domains = [\"events.example.com\"] }."
  }

  validation {
    condition     = alltrue([for range in try(var.load_balancer.allowed_ranges, []) : can(cidrhost(range, 0))])
    error_message = "allowed_ranges of load_balancer must be address ranges, like \"203.0.113.7/32\"."
  }

  validation {
    condition     = try(var.load_balancer.requests_per_minute, 600) >= 1 && try(var.load_balancer.requests_per_minute, 600) <= 1000000
    error_message = "requests_per_minute of load_balancer must be 1 to 1000000 per address."
  }

  validation {
    condition     = var.load_balancer == null || var.ingest_ingress == "ALLOW_INTERNAL_AND_GCLB"
    error_message = "load_balancer needs ingest_ingress = \"ALLOW_INTERNAL_AND_GCLB\": otherwise requests to the run.app address bypass Cloud Armor."
  }
}

variable "unauthorized_alert_requests" {
  description = "Alert if ingest answers more than this many requests with 401 within five minutes: a sender uses an old secret, or an attacker guesses."
  type        = number
  default     = null

  validation {
    condition     = var.unauthorized_alert_requests == null || try(var.unauthorized_alert_requests >= 1, false)
    error_message = "unauthorized_alert_requests must be at least 1, or unset."
  }
}
