#!/usr/bin/env bash
# Look up every locked package in the public list of vulnerabilities. It needs network.
# --strict: a package that cannot be looked up is an error.
set -euo pipefail
cd "$(dirname "$0")/.."
status=0
for lock in requirements-dev.txt tools/locks/*.txt; do # the functions' files are subsets of the first
  echo "$lock"
  bash tools/tool.sh audit pip-audit --strict --progress-spinner off --disable-pip --require-hashes \
    --requirement "$lock" "$@" || status=1
done
exit $status
