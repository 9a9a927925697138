#!/usr/bin/env bash
# Write a CycloneDX list of the packages of each function: build/FUNCTION.cdx.json
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
export PYTHONWARNINGS=ignore # about dependencies between packages, which a lock file does not tell
for function in ingest consumer commerce_events; do
  bash tools/tool.sh audit cyclonedx-py requirements "functions/$function/requirements.txt" \
    --pyproject pyproject.toml --mc-type application --output-reproducible \
    --spec-version 1.6 --output-format JSON --output-file "build/$function.cdx.json"
  echo "build/$function.cdx.json"
done
