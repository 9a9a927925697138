module "archives" {
  source = "./modules/archives"
  root   = "${path.module}/.."
}

locals {
  archives = { for name, archive in module.archives.archives : name => archive if name != "commerce_events" || var.outbound != null }
}

data "archive_file" "function" {
  for_each = local.archives

  type        = "zip"
  output_path = "${path.module}/build/${each.key}-${each.value.digest}.zip"

  dynamic "source" {
    for_each = each.value.files

    content {
      content  = file(source.value)
      filename = source.key
    }
  }
}

resource "google_storage_bucket" "source" {
  #checkov:skip=CKV_GCP_62:only builds read the bucket, and it holds code, no data and no secret
  #checkov:skip=CKV_GCP_78:the name of each archive contains a digest of its content, so no object is ever overwritten

  name                        = "${var.project_id}-${var.prefix}source"
  location                    = var.region
  force_destroy               = true
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  # No soft delete: archives can be rebuilt from the repository.
  soft_delete_policy {
    retention_duration_seconds = 0
  }

  dynamic "encryption" {
    for_each = local.kms_key == null ? [] : [local.kms_key]

    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [
    google_kms_crypto_key_iam_member.agent,
    google_project_service.main,
  ]
}

# The name contains a digest of the content, so a function is deployed again if and only if
# its archive changed.
resource "google_storage_bucket_object" "function" {
  for_each = local.archives

  bucket = google_storage_bucket.source.name
  name   = "${each.key}-${each.value.digest}.zip"
  source = data.archive_file.function[each.key].output_path

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_artifact_registry_repository" "functions" {
  #checkov:skip=CKV_GCP_84:images contain the code and its libraries, no data and no secret

  location      = var.region
  repository_id = "${var.prefix}functions"
  description   = "Container images of the functions"
  format        = "DOCKER"

  # Every deployment adds an image; a rollback needs the latest ones only.
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"

    condition {
      older_than = "2592000s"
    }
  }

  cleanup_policies {
    id     = "keep-latest"
    action = "KEEP"

    most_recent_versions {
      keep_count = 5
    }
  }

  depends_on = [google_project_service.main]
}
