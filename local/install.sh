#!/usr/bin/env bash
# Create the virtual environment: install.sh PYTHON FOLDER
set -euo pipefail
python=$1
venv=$2
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Python 3.11 or newer is required: install it, or name it: make run PYTHON=/path/to/python3" >&2
  exit 2
fi
echo "creating $venv (the first time this takes up to a minute)"
if ! "$python" -m venv "$venv" >&2; then
  echo "Python's venv module is required (Debian and Ubuntu: apt install python3-venv)" >&2
  exit 2
fi
packages=(--quiet --require-hashes --requirement requirements-dev.txt)
pip() { "$venv/bin/python" -m pip install --disable-pip-version-check "$@"; }
with_uv() { # the locked uv installs the rest in a tenth of pip's time
  sed -n '/^uv==/,/[^\\]$/p' requirements-dev.txt >"$venv/uv.txt" &&
    pip --quiet --require-hashes --requirement "$venv/uv.txt" &&
    "$venv/bin/uv" pip install --python "$venv/bin/python" "${packages[@]}"
}
# pip itself, where only pip is configured to reach the package index
if ! with_uv >"$venv/uv.log" 2>&1 && ! pip "${packages[@]}"; then
  echo "pip could not install the packages (its error is above): check the network and the package index, then run the command again" >&2
  exit 2
fi
# functions-framework adds only the folder of a source file to the import path. This adds
# the repository, so that every import names the whole package.
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
pwd >"$site/commerce_events.pth"
touch "$venv/.ready"
