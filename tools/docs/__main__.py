"""Generate pages and tables: ``python -m tools.docs``; ``--check`` only compares.

With ``--check`` the exit status is 1 if a document is stale, missing or not generated.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tools.docs import (
    commerce_page,
    costs_page,
    json_schema,
    openapi,
    tables,
    terraform_readme,
    topic_message,
)

ROOT = Path(__file__).resolve().parents[2]


def documents() -> dict[str, str]:
    """The text of every generated document, by path within the repository."""
    schemas = {
        "message.json": topic_message.document(),
        **json_schema.documents(),
    }
    return {
        "docs/commerce.md": commerce_page.document(),
        "docs/costs.md": costs_page.document(),
        "docs/costs.svg": costs_page.picture(),
        "docs/scaling.md": costs_page.scaling_document(),
        "docs/settings.md": tables.settings_page(),
        "docs/events.md": tables.events_page(),
        "docs/openapi.json": _json(openapi.document()),
        **{f"docs/schemas/{name}": _json(one) for name, one in schemas.items()},
        "terraform/README.md": terraform_readme.document(),
    }


def stale(root: Path = ROOT) -> list[str]:
    """Paths of documents that differ from the code or are no longer generated."""
    expected = documents()
    changed = [
        path
        for path, text in expected.items()
        if not (root / path).is_file() or (root / path).read_text() != text
    ]
    present = {f"docs/schemas/{path.name}" for path in root.glob("docs/schemas/*")}
    return sorted(changed + list(present - set(expected)))


def write(root: Path = ROOT) -> list[str]:
    """Write the stale documents; returns their paths."""
    changed, expected = stale(root), documents()
    for path in changed:
        if path not in expected:
            (root / path).unlink()
            continue
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(expected[path])
    return changed


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Run the command; returns its exit status."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python -m tools.docs [--check]\n")
        return 2
    check = bool(arguments)
    paths = stale() if check else write()
    for path in paths:
        sys.stdout.write(f"{path} {'is stale' if check else 'written'}\n")
    if check and paths:
        sys.stdout.write("run: make docs\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
