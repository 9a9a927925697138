#!/usr/bin/env bash
# The recipes of make plan, make deploy and make url: run.sh plan|apply|url
set -euo pipefail
shopt -s extglob

stop() { echo "$1" >&2; exit 2; }

has_values() { # whether a file or the environment sets the variables
  compgen -G 'terraform/terraform.tfvars?(.json)' >/dev/null && return
  compgen -G 'terraform/*.auto.tfvars?(.json)' >/dev/null && return
  [ -n "${TF_VAR_project_id:-}${TF_CLI_ARGS:-}${TF_CLI_ARGS_plan:-}${TF_CLI_ARGS_apply:-}" ]
}

command -v terraform >/dev/null ||
  stop "terraform is missing: install 1.11 or newer, https://developer.hashicorp.com/terraform/install"

if [ "$1" = url ]; then
  # Without outputs terraform prints a warning instead of the URL and exits with 0.
  url=$(terraform -chdir=terraform output -no-color -raw ingest_url) || url=
  [[ $url == https://* ]] ||
    stop "The state in terraform/ has no ingest URL: run make deploy, or use the state of an existing deployment (docs/deploy.md, Share the state)"
  echo "$url"
  exit
fi

has_values ||
  stop "terraform/terraform.tfvars is missing: cp terraform/terraform.tfvars.example terraform/terraform.tfvars, and fill in its first four values (docs/deploy.md, Four values)"
values=terraform/terraform.tfvars
[ -f $values ] && [ "$(<$values)" = "$(<$values.example)" ] &&
  stop "$values is an unedited copy of the example: fill in its first four values (docs/deploy.md, Four values)"
terraform -chdir=terraform init -input=false
exec terraform -chdir=terraform "$1"
