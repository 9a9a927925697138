# A fixed outbound address for the calls to Commerce (egress): the consumers send through a
# subnet, and Cloud NAT gives its traffic one reserved address.

locals {
  _egress = toset(var.egress == null ? [] : ["egress"])
}

resource "google_compute_network" "egress" {
  #checkov:skip=CKV2_GCP_18:no resource in this network can be reached, and new networks deny incoming traffic

  for_each = local._egress

  name                    = "${var.prefix}${each.key}"
  auto_create_subnetworks = false

  depends_on = [google_project_service.main]
}

resource "google_compute_subnetwork" "egress" {
  #checkov:skip=CKV_GCP_26:flow logs do not name the function; each call to Commerce is in the log entries of the consumers

  for_each = local._egress

  name                     = "${var.prefix}${each.key}"
  region                   = var.region
  network                  = google_compute_network.egress[each.key].id
  ip_cidr_range            = var.egress.ip_range
  private_ip_google_access = true # calls to Google's APIs do not pass Cloud NAT
}

resource "google_compute_router" "egress" {
  for_each = local._egress

  name    = "${var.prefix}${each.key}"
  region  = var.region
  network = google_compute_network.egress[each.key].id
}

resource "google_compute_address" "egress" {
  for_each = local._egress

  name         = "${var.prefix}${each.key}"
  region       = var.region
  address_type = "EXTERNAL"

  depends_on = [google_project_service.main]
}

resource "google_compute_router_nat" "egress" {
  for_each = local._egress

  name                               = "${var.prefix}${each.key}"
  region                             = var.region
  router                             = google_compute_router.egress[each.key].name
  nat_ip_allocate_option             = "MANUAL_ONLY"
  nat_ips                            = [google_compute_address.egress[each.key].id]
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  subnetwork {
    name                    = google_compute_subnetwork.egress[each.key].id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }

  log_config {
    enable = true
    filter = "ERRORS_ONLY" # packets that were dropped because all ports were in use
  }
}
