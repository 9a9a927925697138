resource "google_firestore_database" "ledger" {
  name            = "${var.prefix}ledger"
  location_id     = var.region
  type            = "FIRESTORE_NATIVE"
  deletion_policy = "DELETE" # the provider's default keeps it on destroy

  delete_protection_state           = var.ledger_delete_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  point_in_time_recovery_enablement = var.ledger_point_in_time_recovery ? "POINT_IN_TIME_RECOVERY_ENABLED" : "POINT_IN_TIME_RECOVERY_DISABLED"

  dynamic "cmek_config" {
    for_each = local.kms_key == null ? [] : [local.kms_key]

    content {
      kms_key_name = cmek_config.value
    }
  }

  depends_on = [
    google_kms_crypto_key_iam_member.agent,
    google_project_service.main,
  ]
}

resource "google_firestore_field" "ledger_expires" {
  database   = google_firestore_database.ledger.name
  collection = "ledger"
  field      = "expires"

  ttl_config {}
  index_config {} # no query uses it, and an index on a rising time limits writes
}

# By default Firestore indexes every field. Records are read by key; only the commands trace,
# forget and replay query by uid, or by resource (an event can concern several).
resource "google_firestore_field" "ledger" {
  for_each = {
    "*"       = []
    resources = [{ array_config = "CONTAINS", order = null }]
    uid       = [{ array_config = null, order = "ASCENDING" }]
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
