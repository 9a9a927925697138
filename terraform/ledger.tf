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
  index_config {} # an index on a rising time only costs
}

# Firestore indexes every field unless told otherwise. Records are found by their key;
# only tracing and forgetting look for a uid, or for a thing among several.
resource "google_firestore_field" "ledger" {
  for_each = {
    "*"    = []
    things = [{ array_config = "CONTAINS", order = null }]
    uid    = [{ array_config = null, order = "ASCENDING" }]
  }

  database   = google_firestore_database.ledger.name
  collection = "ledger"
  field      = each.key

  index_config {
    dynamic "indexes" {
      for_each = each.value

      content {
        array_config = indexes.value.array_config
        order        = indexes.value.order
        query_scope  = "COLLECTION"
      }
    }
  }
}
