locals {
  # Terraform writes a version unless an existing one is declared.
  _secrets_written = toset([for name in keys(local.secret_readers) : name if !contains(keys(var.secret_versions), name)])

  _secret_values = merge(var.secrets, { LEDGER_KEY = var.ledger_key })

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
    dynamic "auto" {
      for_each = local.kms_key == null ? ["auto"] : []

      content {}
    }

    # A key of one region needs a replica in that region.
    dynamic "user_managed" {
      for_each = local.kms_key == null ? [] : [local.kms_key]

      content {
        replicas {
          location = var.region

          customer_managed_encryption {
            kms_key_name = user_managed.value
          }
        }
      }
    }
  }

  depends_on = [
    google_kms_crypto_key_iam_member.agent,
    google_project_service.main,
  ]
}

resource "google_secret_manager_secret_version" "main" {
  for_each = local._secrets_written

  secret                 = google_secret_manager_secret.main[each.key].id
  secret_data_wo         = try(local._secret_values[each.key], "")
  secret_data_wo_version = each.key == "LEDGER_KEY" ? "1" : tostring(var.secrets_revision) # that key is never rotated

  # An old version stays until an operator destroys it: a rollback needs it, and declaring
  # a version (secret_versions) must not delete it. Deleting the secret deletes its versions.
  deletion_policy = "ABANDON"

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = try(length(local._secret_values[each.key]), 0) > 0
      error_message = <<-EOT
        The secret ${each.key} has neither a value nor a declared version, and a function cannot start without it.
        %{if each.key == "LEDGER_KEY"~}
        A deployment keeps the key that it was created with. If it has one, declare its version in terraform.tfvars:
          secret_versions = { LEDGER_KEY = "1" }
        The first `make deploy` generates the key. To set it yourself:
          export TF_VAR_ledger_key="$(openssl rand -hex 32)"
        %{else~}
        Set the value:
          export TF_VAR_secrets='{ ${each.key} = "…" }'        (with the other secrets)
        %{endif~}
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
