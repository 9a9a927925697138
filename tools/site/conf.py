"""Sphinx builds the pages of the repository as a site (``make site``).

The sources are the Markdown files as they are: what reads well on a code host is what
is published. The list of contents, which Sphinx needs, is added to the first page here.
"""

import json
import re
import sys
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from local.console import api_page  # noqa: E402 found by the line above

project = "Commerce events"
author = "The authors of Commerce events"
version = release = re.search(
    r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.M
)[1]

extensions = ["myst_parser", "sphinxcontrib.mermaid"]
root_doc = "README"
include_patterns = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "bench/README.md",
    "docs/**.md",
    "terraform/README.md",
]
# Sphinx would look for pages in them: thousands of files.
exclude_patterns = [".*", "build", "functions", "tests", "**/node_modules"]

myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 4
# Pages that are included by others begin below the first level.
suppress_warnings = ["myst.header"]
nitpicky = True

html_theme = "furo"
html_title = project
html_static_path = []
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False

CONTENTS = {
    "Use": [
        "docs/ingest",
        "docs/api",
        "docs/import",
        "docs/events",
        "docs/outbound",
        "docs/commerce",
        "docs/console",
    ],
    "Change": ["docs/extending", "docs/mapping", "docs/migrate"],
    "Operate": [
        "docs/deploy",
        "docs/operations",
        "docs/debugging",
        "docs/settings",
        "docs/costs",
        "docs/scaling",
        "docs/security",
        "terraform/README",
    ],
    "Understand": ["docs/architecture", "docs/ledger", "docs/decisions/README"],
    "Contribute": ["CONTRIBUTING", "SECURITY", "CHANGELOG", "bench/README"],
}


def contents(pages: set[str]) -> str:
    """The list of contents: ``CONTENTS``, then each page that it does not name."""
    listed = {page for pages_of_part in CONTENTS.values() for page in pages_of_part}
    others = sorted(pages - listed - {root_doc})
    parts = [*CONTENTS.items(), ("More", others)]
    return "\n".join(
        f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n"
        + "\n".join(page for page in names if page in pages)
        + "\n```"
        for caption, names in parts
        if names
    )


def api_reference() -> str:
    """The reference of ingest's API: the console's, without the console around it."""
    templates = Environment(
        loader=FileSystemLoader(ROOT / "local/console/templates"), autoescape=True
    )
    templates.filters["pretty"] = lambda value: json.dumps(value, indent=2)
    page = templates.get_template("_api_reference.html")
    return page.render(api=api_page.content(), ingest="https://INGEST")


def setup(app) -> None:
    def complete(app, document: str, source: list[str]) -> None:
        if document == root_doc:
            source[0] += contents(set(app.env.found_docs))
        if document == "docs/api":
            source[0] += f"\n``````{{raw}} html\n{api_reference()}\n``````\n"

    app.connect("source-read", complete)
