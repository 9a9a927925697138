#!/usr/bin/env bash
# Check terraform/ for risks. A suppression stands in the resource: #checkov:skip=ID:reason
set -euo pipefail
cd "$(dirname "$0")/.."
report=$(mktemp -d)
trap 'rm -rf "$report"' EXIT

# --skip-download: no call to its vendor. The exit status ignores files that it cannot read.
bash tools/tool.sh checkov checkov --directory terraform --framework terraform \
  --skip-download --quiet --compact \
  --output cli --output json --output-file-path "console,$report/checkov.json" "$@"
.venv/bin/python - "$report/checkov.json" <<'PYTHON'
import json
import sys

with open(sys.argv[1]) as file:
    summary = json.load(file)["summary"]
if summary["parsing_errors"]:
    sys.exit("checkov cannot read a file: LOG_LEVEL=WARNING make checkov names it")
if not summary["passed"]:
    sys.exit("checkov read no resource")
PYTHON
