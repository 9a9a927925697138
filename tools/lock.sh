#!/usr/bin/env bash
# Lock the dependencies of pyproject.toml: lock.sh [--upgrade | --upgrade-package NAME].
# One resolution covers every list. The files of the functions are subsets of it, so that a
# build deploys the versions that the tests ran with.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=.venv/bin/uv

compile() { # compile FILE OPTION...
  "$uv" pip compile --quiet --universal --generate-hashes --python-version 3.11 \
    --no-emit-index-url --no-annotate \
    --custom-compile-command "make lock" pyproject.toml --output-file "$@"
}

# The pins that the file already holds stay, unless an option asks for newer ones.
compile requirements-dev.txt --extra ingest --extra consumer \
  --extra commerce-events --extra dev "$@"

# Tools with environments of their own, each resolved alone.
for tool in audit checkov site; do
  compile "tools/locks/$tool.txt" --extra "$tool" "$@"
done

subset() { # subset FILE EXTRA...: written anew, each pin taken from the resolution above
  local file=$1 extra options=()
  shift
  for extra; do options+=(--extra "$extra"); done
  rm -f "$file"
  compile "$file" --constraints requirements-dev.txt "${options[@]}"
}

subset functions/ingest/requirements.txt ingest
subset functions/consumer/requirements.txt consumer
subset functions/commerce_events/requirements.txt commerce-events
subset requirements.txt ingest consumer commerce-events
