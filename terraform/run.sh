#!/usr/bin/env bash
# What make plan, deploy and url do: run.sh plan|apply|url, from the repository's root.
set -euo pipefail

stop() { echo "$1" >&2; exit 2; }

given() { # whether the values come from somewhere: a file, or the environment
  compgen -G 'terraform/terraform.tfvars?(.json)' >/dev/null && return
  compgen -G 'terraform/*.auto.tfvars?(.json)' >/dev/null && return
  [ -n "${TF_VAR_project_id:-}${TF_CLI_ARGS:-}${TF_CLI_ARGS_plan:-}${TF_CLI_ARGS_apply:-}" ]
}

shopt -s extglob
command -v terraform >/dev/null ||
  stop "terraform 1.11 or newer is needed: https://developer.hashicorp.com/terraform/install"

if [ "$1" = url ]; then
  # Without outputs terraform prints a warning where the address should be, and calls it done.
  url=$(terraform -chdir=terraform output -no-color -raw ingest_url) || url=
  [[ $url == https://* ]] ||
    stop "No deployment is known here, so there is no address: make deploy makes one; if it was made elsewhere, share its state (docs/deploy.md, Share the state)"
  echo "$url"
  exit
fi

given ||
  stop "terraform/terraform.tfvars is missing: cp terraform/terraform.tfvars.example terraform/terraform.tfvars, and fill in its first four values (docs/deploy.md, Four values)"
values=terraform/terraform.tfvars
[ -f $values ] && [ "$(<$values)" = "$(<$values.example)" ] &&
  stop "$values is still the example: fill in its first four values (docs/deploy.md, Four values)"
terraform -chdir=terraform init -input=false
exec terraform -chdir=terraform "$1"
