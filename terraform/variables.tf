variable "alert_emails" {
  description = "Who is told by e-mail when an alert fires. Without any, alerts only show in the Google Cloud console."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for email in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", email))])
    error_message = "alert_emails takes e-mail addresses: [\"ops@example.com\"]."
  }
}

variable "commerce_base_url" {
  description = "Where Commerce is. PaaS: `https://HOST/rest/`; SaaS: `https://REGION.api.commerce.adobe.com/TENANT/`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[^?#\\s]*)?$", var.commerce_base_url))
    error_message = "commerce_base_url must be an https address without query, like https://shop.example.com/rest/ (PaaS) or https://na1.api.commerce.adobe.com/TENANT/ (SaaS)."
  }

  validation {
    condition     = !can(regex("/V1(/|$)|/rest/[^/]", var.commerce_base_url))
    error_message = "commerce_base_url must end before the store's code and V1, like https://shop.example.com/rest/; the code goes into commerce_settings = { COMMERCE_STORE_SCOPE = \"…\" }."
  }
}

variable "commerce_settings" {
  description = "Further settings of the consumers by the name of their environment variable (docs/settings.md), like `{ COMMERCE_ATTRIBUTE_SET_ID = \"4\" }`. With IMS the non-secret half of its credentials goes here."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.commerce_settings) : contains(local.consumer_settings_open, name) || startswith(name, "OTEL_")])
    error_message = "commerce_settings does not know ${join(", ", [for name in keys(var.commerce_settings) : name if !contains(local.consumer_settings_open, name) && !startswith(name, "OTEL_")])}. It takes ${join(", ", local.consumer_settings_open)}. Secrets go into `secrets`; the rest is set by variables of their own."
  }

  validation {
    condition     = lookup(var.commerce_settings, "COMMERCE_FLAVOUR", "") != "saas" || local.commerce_sign_in == "ims"
    error_message = "COMMERCE_FLAVOUR = \"saas\" needs commerce_sign_in = \"ims\": Commerce as a Cloud Service knows no OAuth 1.0a."
  }

  validation {
    condition     = local.commerce_sign_in != "ims" || alltrue([for name in local.ims_required : lookup(var.commerce_settings, name, "") != ""])
    error_message = "Signing in with IMS also needs commerce_settings = { ${join(", ", [for name in local.ims_required : "${name} = \"…\"" if lookup(var.commerce_settings, name, "") == ""])} }."
  }
}

variable "commerce_sign_in" {
  description = "How the consumers sign in at Commerce: `oauth1` (an integration's four keys, PaaS) or `ims` (OAuth server-to-server). Left out, a SaaS address means `ims`, any other `oauth1`."
  type        = string
  default     = null

  validation {
    condition     = var.commerce_sign_in == null || contains(["oauth1", "ims"], coalesce(var.commerce_sign_in, "-"))
    error_message = "commerce_sign_in must be \"oauth1\", \"ims\", or left out."
  }

  validation {
    condition     = !(var.commerce_sign_in == "oauth1" && local.commerce_is_saas)
    error_message = "Commerce as a Cloud Service (SaaS) knows no OAuth 1.0a: leave commerce_sign_in out, or set it to \"ims\"."
  }
}

variable "commerce_timeout_seconds" {
  description = "How long the consumers wait for one answer of Commerce."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.commerce_timeout_seconds >= 1 && var.commerce_timeout_seconds <= local.commerce_timeout_limit_seconds
    error_message = "commerce_timeout_seconds must be 1 to ${local.commerce_timeout_limit_seconds}: an event may take three calls (look, send, and once more after the sign-in was renewed), and all of them must fit into the ${local.delivery.handler_budget_seconds} s that a delivery has."
  }
}

variable "consumers" {
  description = "Limits per domain (product, customer, order, stock). At most `max_instances` × `concurrency` calls go to Commerce at once for a domain: Commerce deadlocks under many parallel writes."
  type = map(object({
    concurrency   = optional(number, 2)
    max_instances = optional(number, 2)
    memory_mb     = optional(number, 512)
    min_instances = optional(number, 0)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for domain in keys(var.consumers) : contains(local.domains, domain)])
    error_message = "consumers is keyed by domain: ${join(", ", local.domains)}."
  }

  validation {
    condition     = alltrue([for limits in var.consumers : limits.concurrency >= 1 && limits.concurrency <= 80 && floor(limits.concurrency) == limits.concurrency])
    error_message = "concurrency of a consumer must be a whole number from 1 to 80; it is also the number of its threads."
  }

  validation {
    condition     = alltrue([for limits in var.consumers : limits.max_instances >= 1 && limits.min_instances >= 0 && limits.min_instances <= limits.max_instances])
    error_message = "max_instances of a consumer must be at least 1, and min_instances from 0 to max_instances."
  }

  validation {
    condition     = alltrue([for limits in var.consumers : limits.memory_mb >= 256 && limits.memory_mb <= 4096])
    error_message = "memory_mb of a consumer must be 256 to 4096: one CPU takes no more than 4096, and below 256 Python and gRPC do not start."
  }
}

variable "entities" {
  description = "Overrides per entity of functions/events/catalog.json: `ordered` (see message_ordering), `minimum_backoff_seconds`, `maximum_backoff_seconds`, `max_delivery_attempts`. What is left out follows functions/events/delivery.json."
  type = map(object({
    max_delivery_attempts   = optional(number)
    maximum_backoff_seconds = optional(number)
    minimum_backoff_seconds = optional(number)
    ordered                 = optional(bool)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for entity in keys(var.entities) : contains(keys(local.catalog), entity)])
    error_message = "entities is keyed by the entities of functions/events/catalog.json: ${join(", ", keys(local.catalog))}."
  }

  validation {
    condition = alltrue([
      for entity in var.entities :
      entity.max_delivery_attempts == null || try(entity.max_delivery_attempts >= 5 && entity.max_delivery_attempts <= 100, false)
    ])
    error_message = "max_delivery_attempts must be 5 to 100, the range Pub/Sub accepts for a dead-letter policy."
  }

  validation {
    condition = alltrue([
      for entity in var.entities :
      coalesce(entity.minimum_backoff_seconds, local.delivery.minimum_backoff_seconds) >= 0
      && coalesce(entity.minimum_backoff_seconds, local.delivery.minimum_backoff_seconds) <= coalesce(entity.maximum_backoff_seconds, local.delivery.maximum_backoff_seconds)
      && coalesce(entity.maximum_backoff_seconds, local.delivery.maximum_backoff_seconds) <= 600
    ])
    error_message = "Back-off must be 0 to 600 seconds, minimum_backoff_seconds not above maximum_backoff_seconds: the range Pub/Sub accepts."
  }
}

variable "ingest" {
  description = "Limits of the ingest function. `max_instances` also bounds what a flood of requests can cost."
  type = object({
    concurrency   = optional(number, 80)
    max_instances = optional(number, 10)
    memory_mb     = optional(number, 512)
    min_instances = optional(number, 0)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.ingest.concurrency >= 1 && var.ingest.concurrency <= 1000
    error_message = "concurrency of ingest must be 1 to 1000, the range Cloud Run accepts."
  }

  validation {
    condition     = var.ingest.max_instances >= 1 && var.ingest.min_instances >= 0 && var.ingest.min_instances <= var.ingest.max_instances
    error_message = "max_instances of ingest must be at least 1, and min_instances from 0 to max_instances."
  }

  validation {
    condition     = var.ingest.memory_mb >= 256 && var.ingest.memory_mb <= 4096
    error_message = "memory_mb of ingest must be 256 to 4096: one CPU takes no more than 4096, and below 256 Python and gRPC do not start."
  }
}

variable "ingest_auth" {
  description = "How third parties prove who they are: `token`, `hmac`, `oidc`, or `none`. No default: an open door is a decision."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["token", "hmac", "oidc", "none"], var.ingest_auth)
    error_message = "ingest_auth must be \"token\" (a shared secret in a header), \"hmac\" (signed requests, Standard Webhooks), \"oidc\" (Google ID tokens) or \"none\" (anyone may send events)."
  }
}

variable "ingest_invokers" {
  description = "Who may reach ingest at all. Third parties hold no Google identity, so the default lets everyone as far as the check of `ingest_auth`; give members (`serviceAccount:…`, `group:…`) to have Google turn all others away."
  type        = set(string)
  default     = ["allUsers"]
  nullable    = false

  validation {
    condition     = alltrue([for member in var.ingest_invokers : can(regex("^(allUsers|allAuthenticatedUsers|(user|group|serviceAccount|domain|principal|principalSet):.+)$", member))])
    error_message = "ingest_invokers takes IAM members: \"allUsers\", \"serviceAccount:NAME@PROJECT.iam.gserviceaccount.com\", \"group:NAME@example.com\"."
  }
}

variable "ingest_settings" {
  description = "Further settings of ingest by the name of their environment variable (docs/settings.md), like `{ MAX_BODY_BYTES = \"1048576\" }`. `oidc` needs `INGEST_OIDC_EMAILS` here."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.ingest_settings) : contains(local.ingest_settings_open, name) || startswith(name, "OTEL_")])
    error_message = "ingest_settings does not know ${join(", ", [for name in keys(var.ingest_settings) : name if !contains(local.ingest_settings_open, name) && !startswith(name, "OTEL_")])}. It takes ${join(", ", local.ingest_settings_open)}. Secrets go into `secrets`; the rest is set by variables of their own."
  }

  validation {
    condition     = var.ingest_auth != "oidc" || lookup(var.ingest_settings, "INGEST_OIDC_EMAILS", "") != ""
    error_message = "ingest_auth = \"oidc\" needs to know whom to let in: ingest_settings = { INGEST_OIDC_EMAILS = \"caller@partner.iam.gserviceaccount.com\" }."
  }
}

variable "labels" {
  description = "Labels for everything that takes labels, beside `application`."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "Labels take lower-case letters, digits, _ and -, at most 63; the key starts with a letter."
  }
}

variable "log_level" {
  description = "How much the functions log: DEBUG, INFO, WARNING or ERROR. Dashboard and alerts are made of the lines that INFO writes."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "log_level must be DEBUG, INFO, WARNING or ERROR."
  }
}

variable "message_ordering" {
  description = "Deliver what happens to one thing in the order it was published. Changing it makes Pub/Sub subscriptions anew, and what they hold is lost: let them run empty first."
  type        = bool
  default     = true
  nullable    = false
}

variable "prefix" {
  description = "Begins the name of everything, so that several copies share a project."
  type        = string
  default     = "commerce-"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,10}-$", var.prefix))
    error_message = "prefix must be 2 to 12 lower-case letters, digits and hyphens, begin with a letter and end with a hyphen, like \"commerce-\" or \"shop2-\": service account names have room for no more."
  }
}

variable "project_id" {
  description = "The Google Cloud project that takes it all."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's id (6 to 30 lower-case letters, digits, hyphens), not its name or number: `gcloud projects list` shows it."
  }
}

variable "region" {
  description = "The one region of functions, database and build, like `europe-west1`. Events are kept in order by its own Pub/Sub endpoint."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region like europe-west1 or us-central1, without a zone's letter: `gcloud functions regions list` shows them."
  }
}

variable "secret_versions" {
  description = "For secrets that have a version in Secret Manager already (added by hand, or by an earlier apply): the version's number by the name of the environment variable, like `{ INGEST_TOKENS = \"2\" }`. Such a secret needs no value in `secrets`."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.secret_versions) : contains(keys(local.secret_readers), name)])
    error_message = "secret_versions: ${join(", ", [for name in keys(var.secret_versions) : name if !contains(keys(local.secret_readers), name)])} is not a secret of this set-up, which needs ${join(", ", keys(local.secret_readers))}."
  }

  validation {
    condition     = alltrue([for version in values(var.secret_versions) : can(regex("^[1-9][0-9]*$", version))])
    error_message = "secret_versions takes version numbers, like \"2\": a named number makes a rotation a change that apply rolls out (\"latest\" would wait for the next start of an instance)."
  }

  validation {
    condition     = !anytrue([for name, value in var.secrets : contains(keys(var.secret_versions), name) if try(length(value), 0) > 0])
    error_message = "secret_versions declares a version of a secret that secrets hands a value over for, so the value would be ignored. To roll the value out take the secret's line out of secret_versions; to keep the declared version `unset TF_VAR_secrets` (or hand over only the others)."
  }
}

variable "secrets" {
  description = "Values of the secrets by the name of their environment variable, handed over through the environment (TF_VAR_secrets) and kept in no state file or plan."
  type        = map(string)
  default     = {}
  ephemeral   = true
  sensitive   = true
  nullable    = false
}

variable "secrets_revision" {
  description = "Moving this number writes the values of `secrets` as new versions and rolls them out. Without a move, a changed value is not noticed: Terraform does not keep the old one to compare."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.secrets_revision >= 1 && floor(var.secrets_revision) == var.secrets_revision
    error_message = "secrets_revision must be a whole number from 1: add one to write new versions."
  }
}

variable "status_endpoint" {
  description = "Let third parties ask ingest what became of an event (`GET INGEST_URL/events/UID`). Ingest may then read the ledger."
  type        = bool
  default     = false
  nullable    = false
}

variable "unacknowledged_alert_minutes" {
  description = "Alert when an event has waited longer than this."
  type        = number
  default     = 15
  nullable    = false

  validation {
    condition     = var.unacknowledged_alert_minutes >= 1 && var.unacknowledged_alert_minutes <= 1440
    error_message = "unacknowledged_alert_minutes must be 1 to 1440 (a day)."
  }
}
