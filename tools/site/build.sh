#!/usr/bin/env bash
# Build the documentation as a site in build/site. A broken link or anchor is an error.
set -euo pipefail
cd "$(dirname "$0")/../.."
site=build/site

rm -rf "$site"
bash tools/tool.sh site sphinx-build --quiet --fail-on-warning --keep-going \
  --builder html --conf-dir tools/site --doctree-dir build/doctrees "$@" . "$site"
# The first page is README.md; a site's address names index.html.
cp "$site/README.html" "$site/index.html"
touch "$site/.nojekyll" # GitHub Pages leaves out folders with an underscore otherwise
echo "built $site/index.html"
