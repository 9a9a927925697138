#!/usr/bin/env bash
# Measure the branches of functions/ that the tests run: coverage.sh [PYTEST OPTION...]
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON_BIN:-.venv/bin}/python
export COVERAGE_FILE=$PWD/.coverage

# The tests start the functions in processes of their own, most with an environment of their
# own. This file, while it exists, starts the measurement in every process of the environment.
start=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/a0_measure.pth
trap 'rm -f "$start"' EXIT
echo "import os; os.environ.setdefault('COVERAGE_PROCESS_START', '$PWD/pyproject.toml'); os.environ.setdefault('COVERAGE_FILE', '$COVERAGE_FILE')" >"$start"

"$python" -m coverage erase
"$python" -m pytest -n auto --maxprocesses 2 --dist loadscope -m "not terraform and not browser" "$@"
"$python" -m coverage combine --quiet
"$python" -m coverage report
