#!/usr/bin/env bash
# Write Terraform's values and backend from the repository's variables. A runner is deleted
# after its job, so a state in its file system would be lost: a bucket is required.
set -euo pipefail
cd "$(dirname "$0")/.."

: "${STATE_BUCKET:?set the repository variable STATE_BUCKET to the bucket of the state}"
: "${TFVARS:?set the repository variable TFVARS to the content of terraform.tfvars}"

printf '%s\n' "$TFVARS" >terraform/terraform.tfvars
cat >terraform/backend_override.tf <<BACKEND
terraform {
  backend "gcs" {
    bucket = "$STATE_BUCKET"
    prefix = "commerce-events"
  }
}
BACKEND
