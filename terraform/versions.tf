terraform {
  # 1.11 has write-only arguments, which keep secret values out of the state.
  required_version = ">= 1.11, < 2"

  required_providers {
    archive = {
      source  = "hashicorp/archive"
      version = ">= 2.4, < 3"
    }
    google = {
      source  = "hashicorp/google"
      version = ">= 7.40, < 8"
    }
  }

  # By default the state is a file in this folder. To share it, create a bucket once
  # (gcloud storage buckets create gs://MY-STATE --uniform-bucket-level-access),
  # uncomment these lines and run `terraform init -migrate-state`:
  #
  # backend "gcs" {
  #   bucket = "MY-STATE"
  #   prefix = "commerce-events"
  # }
}

provider "google" {
  project        = var.project_id
  region         = var.region
  default_labels = local.labels
}
