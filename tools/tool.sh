#!/usr/bin/env bash
# Run a program of a locked environment of its own: tool.sh NAME PROGRAM [ARGUMENT...]
# tools/locks/NAME.txt lists its packages. They stay out of .venv, because they pin versions
# of packages that the project uses too. The environment is kept in the user's cache.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
lock=$root/tools/locks/$1.txt
environment=${XDG_CACHE_HOME:-$HOME/.cache}/commerce-events/$1-$(cksum <"$lock" | tr ' ' -)

if ! [ -x "$environment/bin/python" ] || ! [ -e "$environment/ready" ]; then
  uv=$root/.venv/bin/uv
  "$uv" venv --quiet --clear --python "$root/.venv/bin/python" "$environment"
  "$uv" pip install --quiet --python "$environment/bin/python" --require-hashes --requirement "$lock"
  touch "$environment/ready"
fi

program=$environment/bin/$2
shift 2
exec "$program" "$@"
