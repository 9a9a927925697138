locals {
  # Terraform writes a version unless an existing one is declared.
  _secrets_written = toset([for name in keys(local.secret_readers) : name if !contains(keys(var.secret_versions), name)])

  secret_versions = merge(
    var.secret_versions,
    { for name, version in google_secret_manager_secret_version.main : name => version.version },
  )

  # One grant per secret and reader.
  _secret_grants = merge([
    for name, readers in local.secret_readers : {
      for reader in readers : "${reader}/${name}" => { reader = reader, secret = name }
    }
  ]...)
}

resource "google_secret_manager_secret" "main" {
  for_each = local.secret_readers

  secret_id = "${var.prefix}${each.key}"

  replication {
    auto {}
  }

  depends_on = [google_project_service.main]
}

resource "google_secret_manager_secret_version" "main" {
  for_each = local._secrets_written

  secret                 = google_secret_manager_secret.main[each.key].id
  secret_data_wo         = try(var.secrets[each.key], "")
  secret_data_wo_version = tostring(var.secrets_revision)

  # An old version stays until an operator destroys it: a rollback needs it, and declaring
  # a version (secret_versions) must not delete it. Deleting the secret deletes its versions.
  deletion_policy = "ABANDON"

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = try(length(var.secrets[each.key]), 0) > 0
      error_message = <<-EOT
        The secret ${each.key} has neither a value nor a declared version, and a function cannot start without it.
        Set the value:
          export TF_VAR_secrets='{ ${each.key} = "…" }'        (with the other secrets)
        or keep it out of Terraform and add the version yourself:
          terraform -chdir=terraform apply -target='google_secret_manager_secret.main["${each.key}"]'
          printf %s "$VALUE" | gcloud secrets versions add ${var.prefix}${each.key} --project=${var.project_id} --data-file=-
        and declare the version that this prints in terraform.tfvars:
          secret_versions = { ${each.key} = "1" }
      EOT
    }
  }
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = local._secret_grants

  secret_id = google_secret_manager_secret.main[each.value.secret].id
  role      = "roles/secretmanager.secretAccessor"
  member    = each.value.reader == "ingest" ? google_service_account.ingest.member : google_service_account.consumer[each.value.reader].member
}
