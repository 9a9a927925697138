# Encryption with a key of the customer (kms_key).

# Remembers the key of the first apply. Secrets and database cannot change theirs: Google
# would have to replace them, which loses the ledger and the secrets' values.
resource "terraform_data" "kms_key" {
  input = var.kms_key == null ? "none" : var.kms_key

  lifecycle {
    ignore_changes = [input]

    postcondition {
      condition     = self.input == (var.kms_key == null ? "none" : var.kms_key)
      error_message = "kms_key is ${var.kms_key == null ? "unset" : var.kms_key}, but this deployment was created with ${self.input}, and a change would replace its database and secrets: set kms_key back, or create another deployment (another prefix)."
    }
  }
}

locals {
  kms_key = terraform_data.kms_key.input == "none" ? null : terraform_data.kms_key.input

  # The service agents that encrypt and decrypt.
  _kms_agents = local.kms_key == null ? {} : {
    for service in ["gcp-sa-firestore", "gcp-sa-pubsub", "gcp-sa-secretmanager", "gs-project-accounts"] :
    service => "serviceAccount:service-${data.google_project.main.number}@${service}.iam.gserviceaccount.com"
  }
}

resource "google_kms_crypto_key_iam_member" "agent" {
  for_each = local._kms_agents

  crypto_key_id = local.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = each.value
}
