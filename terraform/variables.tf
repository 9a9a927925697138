variable "alert_emails" {
  description = "E-mail addresses that receive alerts. If empty, alerts appear in the Google Cloud console only."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for email in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", email))])
    error_message = "alert_emails takes e-mail addresses: [\"ops@example.com\"]."
  }
}

variable "commerce_base_url" {
  description = "Base URL of Commerce. PaaS: `https://HOST/rest/`; SaaS: `https://REGION.api.commerce.adobe.com/TENANT/`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[^?#\\s]*)?$", var.commerce_base_url))
    error_message = "commerce_base_url must be an https URL without a query, like https://shop.example.com/rest/ (PaaS) or https://na1.api.commerce.adobe.com/TENANT/ (SaaS)."
  }

  validation {
    condition     = !can(regex("/V1(/|$)|/rest/[^/]", var.commerce_base_url))
    error_message = "commerce_base_url must end before the store code and V1, like https://shop.example.com/rest/. Set the store code in commerce_settings = { COMMERCE_STORE_SCOPE = \"…\" }."
  }
}

variable "commerce_settings" {
  description = "More settings of the consumers by environment variable (docs/settings.md), like `{ COMMERCE_ATTRIBUTE_SET_ID = \"4\" }`. The credentials of IMS that are not secret belong here."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.commerce_settings) : contains(local.consumer_settings_open, name) || startswith(name, "OTEL_")])
    error_message = "commerce_settings does not accept ${join(", ", [for name in keys(var.commerce_settings) : name if !contains(local.consumer_settings_open, name) && !startswith(name, "OTEL_")])}. It accepts ${join(", ", local.consumer_settings_open)}. Secrets belong in `secrets`; other settings have their own variables."
  }

  validation {
    condition     = lookup(var.commerce_settings, "COMMERCE_FLAVOUR", "") != "saas" || local.commerce_sign_in == "ims"
    error_message = "COMMERCE_FLAVOUR = \"saas\" needs commerce_sign_in = \"ims\": Adobe Commerce as a Cloud Service does not support OAuth 1.0a."
  }

  validation {
    condition     = local.commerce_sign_in != "ims" || alltrue([for name in local.ims_required : lookup(var.commerce_settings, name, "") != ""])
    error_message = "IMS also needs commerce_settings = { ${join(", ", [for name in local.ims_required : "${name} = \"…\"" if lookup(var.commerce_settings, name, "") == ""])} }."
  }
}

variable "commerce_sign_in" {
  description = "How the consumers authenticate at Commerce: `oauth1` (four keys of an integration, PaaS) or `ims` (OAuth server-to-server). The default is `ims` for a SaaS URL and `oauth1` otherwise."
  type        = string
  default     = null

  validation {
    condition     = var.commerce_sign_in == null || contains(["oauth1", "ims"], coalesce(var.commerce_sign_in, "-"))
    error_message = "commerce_sign_in must be \"oauth1\", \"ims\" or unset."
  }

  validation {
    condition     = !(var.commerce_sign_in == "oauth1" && local.commerce_is_saas)
    error_message = "Adobe Commerce as a Cloud Service (SaaS) does not support OAuth 1.0a: leave commerce_sign_in unset, or set it to \"ims\"."
  }
}

variable "commerce_timeout_seconds" {
  description = "Timeout of one call to Commerce."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.commerce_timeout_seconds >= 1 && var.commerce_timeout_seconds <= local.commerce_timeout_limit_seconds
    error_message = "commerce_timeout_seconds must be 1 to ${local.commerce_timeout_limit_seconds}: an event can take three calls (reconcile, send, and send again with a new access token), and all of them must fit into the ${local.delivery.handler_budget_seconds} s of a delivery."
  }
}

variable "consumers" {
  description = "Limits per domain (product, customer, order, stock, and outbound where it is deployed). A domain makes at most `max_instances` × `concurrency` parallel calls to Commerce, because many parallel writes cause deadlocks there. Raise `concurrency` first: an instance that waits for more calls costs the same."
  type = map(object({
    concurrency   = optional(number, 4)
    max_instances = optional(number, 1)
    memory_mb     = optional(number, 512)
    min_instances = optional(number, 0)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for domain in keys(var.consumers) : contains(local.all_domains, domain)])
    error_message = "consumers is keyed by domain: ${join(", ", local.all_domains)}."
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
    error_message = "memory_mb of a consumer must be 256 to 4096: one CPU supports at most 4096, and below 256 Python and gRPC do not start."
  }
}

variable "entities" {
  description = "Overrides per entity of functions/events/catalog.json: `ordered` (see message_ordering), `minimum_backoff_seconds`, `maximum_backoff_seconds`, `max_delivery_attempts`. Unset values follow functions/events/delivery.json."
  type = map(object({
    max_delivery_attempts   = optional(number)
    maximum_backoff_seconds = optional(number)
    minimum_backoff_seconds = optional(number)
    ordered                 = optional(bool)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for entity in keys(var.entities) : contains(keys(local._catalog), entity)])
    error_message = "entities is keyed by the entities of functions/events/catalog.json: ${join(", ", keys(local._catalog))}."
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
    error_message = "Backoff must be 0 to 600 seconds, the range Pub/Sub accepts, and minimum_backoff_seconds must not exceed maximum_backoff_seconds."
  }
}

variable "ingest" {
  description = "Limits of the ingest function. `max_instances` also limits the cost of a flood of requests."
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
    error_message = "memory_mb of ingest must be 256 to 4096: one CPU supports at most 4096, and below 256 Python and gRPC do not start."
  }
}

variable "ingest_auth" {
  description = "Authentication of third parties: `token`, `hmac`, `oidc` or `none`. There is no default, so that `none` is a deliberate choice."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["token", "hmac", "oidc", "none"], var.ingest_auth)
    error_message = "ingest_auth must be \"token\" (a shared secret in a header), \"hmac\" (signed requests, Standard Webhooks), \"oidc\" (Google ID tokens) or \"none\" (anyone may post events)."
  }
}

variable "ingest_invokers" {
  description = "IAM members that may call ingest. Third parties usually have no Google identity, so the default admits every request to the authentication of `ingest_auth`. With members (`serviceAccount:…`, `group:…`) Google rejects all other requests."
  type        = set(string)
  default     = ["allUsers"]
  nullable    = false

  validation {
    condition     = alltrue([for member in var.ingest_invokers : can(regex("^(allUsers|allAuthenticatedUsers|(user|group|serviceAccount|domain|principal|principalSet):.+)$", member))])
    error_message = "ingest_invokers accepts IAM members: \"allUsers\", \"serviceAccount:NAME@PROJECT.iam.gserviceaccount.com\", \"group:NAME@example.com\"."
  }
}

variable "ingest_settings" {
  description = "More settings of ingest by environment variable (docs/settings.md), like `{ MAX_BODY_BYTES = \"1048576\" }`. `oidc` needs `INGEST_OIDC_EMAILS` here."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.ingest_settings) : contains(local.ingest_settings_open, name) || startswith(name, "OTEL_")])
    error_message = "ingest_settings does not accept ${join(", ", [for name in keys(var.ingest_settings) : name if !contains(local.ingest_settings_open, name) && !startswith(name, "OTEL_")])}. It accepts ${join(", ", local.ingest_settings_open)}. Secrets belong in `secrets`; other settings have their own variables."
  }

  validation {
    condition     = var.ingest_auth != "oidc" || lookup(var.ingest_settings, "INGEST_OIDC_EMAILS", "") != ""
    error_message = "ingest_auth = \"oidc\" needs the accounts of the callers: ingest_settings = { INGEST_OIDC_EMAILS = \"caller@partner.iam.gserviceaccount.com\" }."
  }

  validation {
    condition     = try(tonumber(lookup(var.ingest_settings, "MAX_BODY_BYTES", "1000")) >= 1000 && tonumber(lookup(var.ingest_settings, "MAX_BODY_BYTES", "1000")) <= 8000000, false)
    error_message = "MAX_BODY_BYTES must be 1000 to 8000000: Pub/Sub accepts messages of 10 MB."
  }

  validation {
    condition     = try(var.ingest.concurrency * tonumber(lookup(var.ingest_settings, "MAX_BODY_BYTES", local.max_body_default)) * 2 <= (var.ingest.memory_mb - local.ingest_base_mb) * 1048576, true)
    error_message = "${var.ingest.concurrency} requests at once (concurrency of ingest), each with a body of MAX_BODY_BYTES = ${lookup(var.ingest_settings, "MAX_BODY_BYTES", local.max_body_default)} held twice, do not fit into memory_mb = ${var.ingest.memory_mb} less ${local.ingest_base_mb} for the process. Increase memory_mb, or decrease concurrency or MAX_BODY_BYTES."
  }
}

variable "labels" {
  description = "Labels of every resource that supports them, in addition to `application`."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "Labels must consist of at most 63 lower-case letters, digits, _ and -; a key must start with a letter."
  }
}

variable "ledger_key" {
  description = "Key of the hashes in the ledger, set through the environment (TF_VAR_ledger_key). The first `make deploy` generates one. It is written once and never rotated; no state file and no plan contains it."
  type        = string
  default     = ""
  ephemeral   = true
  sensitive   = true
  nullable    = false

  validation {
    condition     = var.ledger_key == "" || can(regex("^[!-~]{32,}$", var.ledger_key))
    error_message = "ledger_key must be at least 32 ASCII characters without blanks: export TF_VAR_ledger_key=\"$(openssl rand -hex 32)\"."
  }
}

variable "log_level" {
  description = "Minimum severity of log entries: DEBUG, INFO, WARNING or ERROR. Dashboard and alerts need the entries of INFO."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "log_level must be DEBUG, INFO, WARNING or ERROR."
  }
}

variable "message_ordering" {
  description = "Deliver the events of one resource in the order of publication. A change replaces the Pub/Sub subscriptions and loses the messages in them: drain them first."
  type        = bool
  default     = true
  nullable    = false
}

variable "outbound" {
  description = "The other direction: changes in Commerce are delivered to a webhook of the third party. Unset, nothing of it is deployed. `target_url`: the webhook. `oauth_client_id`: of the Adobe project that registers `commerce_events_url`; by default that of commerce_settings. `target_auth`: `none` (webhooks are signed all the same), `token` or `oauth`. `settings`: more settings of its consumer by environment variable, like `{ TARGET_URL_ORDER = \"…\" }`. `echo_seconds`: how long Commerce's event of a change of ours is recognised and not delivered; 0 is off. `max_instances`: of the function commerce_events."
  type = object({
    echo_seconds           = optional(number, 600)
    max_instances          = optional(number, 10)
    oauth_client_id        = optional(string)
    settings               = optional(map(string), {})
    target_auth            = optional(string, "none")
    target_timeout_seconds = optional(number, 30)
    target_url             = string
  })
  default = null

  validation {
    condition     = try(alltrue([for url in concat([var.outbound.target_url], [for name, value in var.outbound.settings : value if startswith(name, "TARGET_URL_")]) : can(regex("^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[^#\\s]*)?$", url))]), var.outbound == null)
    error_message = "target_url of outbound, and TARGET_URL_… in its settings, must be https URLs, like https://erp.example.com/commerce-events."
  }

  validation {
    condition     = var.outbound == null || try(coalesce(try(var.outbound.oauth_client_id, null), lookup(var.commerce_settings, "OAUTH_CLIENT_ID", "")), "") != ""
    error_message = "outbound needs the client id of the Adobe project that delivers the events: outbound = { oauth_client_id = \"…\" }, or OAUTH_CLIENT_ID in commerce_settings. Deliveries for another client are not accepted."
  }

  validation {
    condition     = contains(["none", "token", "oauth"], try(var.outbound.target_auth, "none"))
    error_message = "target_auth of outbound must be \"none\", \"token\" or \"oauth\"."
  }

  validation {
    condition     = try(var.outbound.target_timeout_seconds >= 1 && var.outbound.target_timeout_seconds <= 180, var.outbound == null)
    error_message = "target_timeout_seconds of outbound must be 1 to 180."
  }

  validation {
    condition     = try(var.outbound.echo_seconds >= 0 && var.outbound.echo_seconds <= 3600 && floor(var.outbound.echo_seconds) == var.outbound.echo_seconds, var.outbound == null)
    error_message = "echo_seconds of outbound must be a whole number from 0 to 3600."
  }

  validation {
    condition     = try(var.outbound.max_instances >= 1, var.outbound == null)
    error_message = "max_instances of outbound must be at least 1."
  }

  validation {
    condition = alltrue([for name in keys(try(var.outbound.settings, {})) : contains(local.target_settings_open, name) || startswith(name, "OTEL_")])
    error_message = format(
      "settings of outbound does not accept %s. It accepts %s and OTEL_…. Secrets belong in `secrets`; other settings have their own attributes.",
      join(", ", [for name in keys(try(var.outbound.settings, {})) : name if !contains(local.target_settings_open, name) && !startswith(name, "OTEL_")]),
      join(", ", local.target_settings_open),
    )
  }

  validation {
    condition     = try(var.outbound.target_auth, "none") != "oauth" || alltrue([for name in local.target_oauth_required : lookup(try(var.outbound.settings, {}), name, "") != ""])
    error_message = "target_auth = \"oauth\" also needs settings = { ${join(", ", [for name in local.target_oauth_required : "${name} = \"…\""])} } in outbound."
  }
}

variable "prefix" {
  description = "Prefix of every name, so that a project can hold several deployments."
  type        = string
  default     = "commerce-"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,10}-$", var.prefix))
    error_message = "prefix must be 2 to 12 lower-case letters, digits and hyphens, begin with a letter and end with a hyphen, like \"commerce-\" or \"shop2-\": names of service accounts limit its length."
  }
}

variable "project_id" {
  description = "Id of the Google Cloud project."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's id (6 to 30 lower-case letters, digits, hyphens), not its name or number: `gcloud projects list` shows it."
  }
}

variable "region" {
  description = "Region of functions, database and builds, like `europe-west1`. Its Pub/Sub endpoint keeps events in order."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region like europe-west1 or us-central1, without the letter of a zone: `gcloud functions regions list` shows them."
  }
}

variable "request_logs" {
  description = "Functions whose successful requests Cloud Run's own request log keeps: `consumers`, `ingest`. By default only ingest (and commerce_events), where it holds the address of the sender; a consumer writes an entry about each delivery itself. Requests that fail are always kept, because the platform answers some of them."
  type        = set(string)
  default     = ["ingest"]
  nullable    = false

  validation {
    condition     = alltrue([for name in var.request_logs : contains(["consumers", "ingest"], name)])
    error_message = "request_logs accepts \"consumers\" and \"ingest\"."
  }
}

variable "secret_versions" {
  description = "Existing Secret Manager versions by environment variable, like `{ INGEST_TOKENS = \"2\" }`. A secret with a version here needs no value in `secrets`."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.secret_versions) : contains(keys(local.secret_readers), name)])
    error_message = "secret_versions: ${join(", ", [for name in keys(var.secret_versions) : name if !contains(keys(local.secret_readers), name)])} is not a secret of this configuration, which needs ${join(", ", keys(local.secret_readers))}."
  }

  validation {
    condition     = alltrue([for version in values(var.secret_versions) : can(regex("^[1-9][0-9]*$", version))])
    error_message = "secret_versions accepts version numbers, like \"2\". With a number, apply rolls out a rotation; \"latest\" would take effect at the next start of an instance."
  }

  validation {
    condition     = !anytrue([for name, value in var.secrets : contains(keys(var.secret_versions), name) if try(length(value), 0) > 0])
    error_message = "secret_versions declares a version of a secret that also has a value in secrets, and the value would be ignored. To roll out the value, remove the secret from secret_versions. To keep the declared version, remove the value from secrets (`unset TF_VAR_secrets`)."
  }

  validation {
    condition     = var.ledger_key == "" || !contains(keys(var.secret_versions), "LEDGER_KEY")
    error_message = "secret_versions declares a version of LEDGER_KEY, so the value of ledger_key would be ignored: `unset TF_VAR_ledger_key`. The key of a deployment must not change."
  }
}

variable "secrets" {
  description = "Values of the secrets by environment variable, set through the environment (TF_VAR_secrets). No state file and no plan contains them."
  type        = map(string)
  default     = {}
  ephemeral   = true
  sensitive   = true
  nullable    = false

  validation {
    condition     = !contains(keys(var.secrets), "LEDGER_KEY")
    error_message = "LEDGER_KEY does not belong in secrets, whose values can be rotated: set TF_VAR_ledger_key."
  }
}

variable "secrets_revision" {
  description = "Increase this number to write the values of `secrets` as new versions and roll them out. Terraform keeps no old value to compare, so it does not detect a changed value."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.secrets_revision >= 1 && floor(var.secrets_revision) == var.secrets_revision
    error_message = "secrets_revision must be a whole number from 1: add one to write new versions."
  }
}

variable "status_endpoint" {
  description = "Serve the state of an event to its caller (`GET INGEST_URL/events/UID`). Ingest then gets read access to the ledger."
  type        = bool
  default     = false
  nullable    = false
}

variable "unacknowledged_alert_minutes" {
  description = "Alert if an event waits longer than this."
  type        = number
  default     = 15
  nullable    = false

  validation {
    condition     = var.unacknowledged_alert_minutes >= 1 && var.unacknowledged_alert_minutes <= 1440
    error_message = "unacknowledged_alert_minutes must be 1 to 1440 (a day)."
  }
}
