#!/usr/bin/env bash
# Makes the virtual environment: install.sh PYTHON FOLDER
set -euo pipefail
python=$1
venv=$2
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Python 3.11 or newer is needed: install it, or name it: make run PYTHON=/path/to/python3" >&2
  exit 2
fi
echo "setting up $venv (the first time it takes half a minute or so)"
if ! "$python" -m venv "$venv" >&2; then
  echo "Python's venv module is needed (Debian and Ubuntu: apt install python3-venv)" >&2
  exit 2
fi
if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt; then
  echo "The packages could not be installed (pip's words are above): look at the network or the package index, and give the command again" >&2
  exit 2
fi
# functions-framework puts only a source file's own folder on the path; this adds the
# repository, so that everything is imported by its whole name.
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
pwd >"$site/commerce_events.pth"
touch "$venv/.ready"
