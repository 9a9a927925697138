# An external Application Load Balancer with Cloud Armor in front of ingest (load_balancer).

locals {
  _load_balancer = toset(var.load_balancer == null ? [] : ["ingest"])

  # Cloud Armor accepts ten ranges per rule.
  _allowed_ranges = var.load_balancer == null ? [] : (
    length(var.load_balancer.allowed_ranges) == 0 ? [["*"]] : chunklist(sort(var.load_balancer.allowed_ranges), 10)
  )
}

resource "google_compute_security_policy" "ingest" {
  #checkov:skip=CKV_GCP_73:ingest is written in Python and contains no Java

  for_each = local._load_balancer

  name        = "${var.prefix}${each.key}"
  description = "Requests that may reach ingest"

  dynamic "rule" {
    for_each = local._allowed_ranges

    content {
      action      = "throttle"
      priority    = 1000 + rule.key
      description = "Admitted addresses, each up to its limit"

      match {
        versioned_expr = "SRC_IPS_V1"

        config {
          src_ip_ranges = rule.value
        }
      }

      rate_limit_options {
        conform_action = "allow"
        exceed_action  = "deny(429)"
        enforce_on_key = "IP"

        rate_limit_threshold {
          count        = var.load_balancer.requests_per_minute
          interval_sec = 60
        }
      }
    }
  }

  rule {
    action      = "deny(403)"
    priority    = 2147483647
    description = "All other addresses"

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }
  }

  depends_on = [google_project_service.main]
}

resource "google_compute_region_network_endpoint_group" "ingest" {
  for_each = local._load_balancer

  name                  = "${var.prefix}${each.key}"
  region                = var.region
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = google_cloudfunctions2_function.ingest.name
  }
}

resource "google_compute_backend_service" "ingest" {
  for_each = local._load_balancer

  name                  = "${var.prefix}${each.key}"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = google_compute_security_policy.ingest[each.key].id

  backend {
    group = google_compute_region_network_endpoint_group.ingest[each.key].id
  }

  # With tokens the address of a request can contain one (?token=).
  log_config {
    enable = var.ingest_auth != "token"
  }
}

resource "google_compute_url_map" "ingest" {
  for_each = local._load_balancer

  name            = "${var.prefix}${each.key}"
  default_service = google_compute_backend_service.ingest[each.key].id
}

# A certificate cannot change its domains, so its name follows from them.
resource "google_compute_managed_ssl_certificate" "ingest" {
  for_each = local._load_balancer

  name = "${var.prefix}${each.key}-${substr(sha256(join(",", var.load_balancer.domains)), 0, 8)}"

  managed {
    domains = var.load_balancer.domains
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [google_project_service.main]
}

resource "google_compute_ssl_policy" "ingest" {
  for_each = local._load_balancer

  name            = "${var.prefix}${each.key}"
  min_tls_version = "TLS_1_2"
  profile         = "MODERN"

  depends_on = [google_project_service.main]
}

resource "google_compute_target_https_proxy" "ingest" {
  for_each = local._load_balancer

  name             = "${var.prefix}${each.key}"
  url_map          = google_compute_url_map.ingest[each.key].id
  ssl_certificates = [google_compute_managed_ssl_certificate.ingest[each.key].id]
  ssl_policy       = google_compute_ssl_policy.ingest[each.key].id
}

resource "google_compute_global_address" "ingest" {
  for_each = local._load_balancer

  name = "${var.prefix}${each.key}"

  depends_on = [google_project_service.main]
}

resource "google_compute_global_forwarding_rule" "ingest" {
  for_each = local._load_balancer

  name                  = "${var.prefix}${each.key}"
  ip_address            = google_compute_global_address.ingest[each.key].id
  load_balancing_scheme = "EXTERNAL_MANAGED"
  port_range            = "443"
  target                = google_compute_target_https_proxy.ingest[each.key].id
}
