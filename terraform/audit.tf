# Data Access audit logs (audit_logs): off by default at Google, because they cost.

resource "google_project_iam_audit_config" "data_access" {
  for_each = toset(var.audit_logs ? ["datastore.googleapis.com", "pubsub.googleapis.com", "secretmanager.googleapis.com"] : [])

  project = var.project_id
  service = each.key

  dynamic "audit_log_config" {
    for_each = ["ADMIN_READ", "DATA_READ", "DATA_WRITE"]

    content {
      log_type = audit_log_config.value
    }
  }
}
