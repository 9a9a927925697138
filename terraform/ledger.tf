resource "google_firestore_database" "ledger" {
  name            = "${var.prefix}ledger"
  location_id     = var.region
  type            = "FIRESTORE_NATIVE"
  deletion_policy = "DELETE" # the provider's default would leave it behind

  depends_on = [google_project_service.main]
}

resource "google_firestore_field" "ledger_expires" {
  database   = google_firestore_database.ledger.name
  collection = "ledger"
  field      = "expires"

  ttl_config {}
  index_config {} # an index on a rising time would only cost writes
}
