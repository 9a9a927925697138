#!/usr/bin/env bash
# The recipes of make plan, make deploy and make url: run.sh plan|apply|url [commerce_events]
set -euo pipefail
shopt -s extglob

stop() { echo "$1" >&2; exit 2; }

has_values() { # whether a file or the environment sets the variables
  compgen -G 'terraform/terraform.tfvars?(.json)' >/dev/null && return
  compgen -G 'terraform/*.auto.tfvars?(.json)' >/dev/null && return
  [ -n "${TF_VAR_project_id:-}${TF_CLI_ARGS:-}${TF_CLI_ARGS_plan:-}${TF_CLI_ARGS_apply:-}" ]
}

declares_ledger_key() { # whether a file or the environment names the key or its version
  local files=(terraform/terraform.tfvars?(.json) terraform/*.auto.tfvars?(.json)) option
  for option in ${TF_CLI_ARGS:-} ${TF_CLI_ARGS_plan:-} ${TF_CLI_ARGS_apply:-}; do
    [[ $option != -var-file=* ]] || files+=("terraform/${option#-var-file=}")
  done
  [ -n "${TF_VAR_ledger_key:-}" ] || [[ ${TF_VAR_secret_versions:-} == *LEDGER_KEY* ]] ||
    grep -qsE '^[^#]*(LEDGER_KEY|ledger_key)' "${files[@]}"
}

# The ledger's key is written once. Terraform cannot read it back, and wants either the value
# or a declared version: so the first deployment generates it, and later ones read it.
ledger_key() {
  local state id project versions
  state=$(terraform -chdir=terraform state pull 2>/dev/null) || return 0 # the plan says more
  # A secret that is not in the state has no version: if it exists, apply fails.
  if [[ $state == *'"LEDGER_KEY"'* ]]; then
    id=$(terraform -chdir=terraform state show -no-color \
      'google_secret_manager_secret.main["LEDGER_KEY"]' |
      sed -nE 's/^ +id += "(.*)"$/\1/p')
    project=${id#projects/} project=${project%%/*}
    versions=$(gcloud secrets versions list "${id##*/}" --project="$project" --format='value(name)') ||
      return 0
    if [ -n "$versions" ]; then
      TF_VAR_ledger_key=$(gcloud secrets versions access latest --secret="${id##*/}" --project="$project") ||
        return 0
      echo "LEDGER_KEY: read from Secret Manager, because terraform.tfvars declares no version of it" >&2
      return
    fi # an interrupted first deployment left a secret without a version
  fi
  TF_VAR_ledger_key=$(head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \n')
  echo "LEDGER_KEY: this deployment has none, so a random one is generated; make deploy writes it to Secret Manager (docs/deploy.md, The key of the ledger)" >&2
}

command -v terraform >/dev/null ||
  stop "terraform is missing: install 1.11 or newer, https://developer.hashicorp.com/terraform/install"

if [ "$1" = url ]; then
  function=${2:-ingest}
  # Without outputs terraform prints a warning instead of the URL and exits with 0.
  url=$(terraform -chdir=terraform output -no-color -raw "${function}_url") || url=
  [[ $url == https://* ]] ||
    stop "The state in terraform/ has no $function URL: run make deploy (commerce_events: with outbound set), or use the state of an existing deployment (docs/deploy.md, Share the state)"
  echo "$url"
  exit
fi

has_values ||
  stop "terraform/terraform.tfvars is missing: cp terraform/terraform.tfvars.example terraform/terraform.tfvars, and fill in its first four values (docs/deploy.md, Four values)"
values=terraform/terraform.tfvars
[ -f $values ] && [ "$(<$values)" = "$(<$values.example)" ] &&
  stop "$values is an unedited copy of the example: fill in its first four values (docs/deploy.md, Four values)"
terraform -chdir=terraform init -input=false
declares_ledger_key || ledger_key
[ -z "${TF_VAR_ledger_key:-}" ] || export TF_VAR_ledger_key
exec terraform -chdir=terraform "$1"
