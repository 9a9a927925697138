"""Write the generated documents: ``python -m docs.generate``; ``--check`` only looks.

Exit status 1 under ``--check`` when one is stale, missing or no longer generated.
"""

import json
import sys
from pathlib import Path

from docs.generate import json_schema, openapi, tables, topic_message

FOLDER = Path(__file__).resolve().parents[1]


def documents() -> dict[str, str]:
    """Every generated document's text, by path within docs."""
    found = {
        "settings.md": tables.settings_page(),
        "events.md": tables.events_page(),
        "openapi.json": _json(openapi.document()),
        "schemas/message.json": _json(topic_message.document()),
    }
    for name, schema in json_schema.documents().items():
        found[f"schemas/{name}"] = _json(schema)
    return found


def stale(folder: Path = FOLDER) -> list[str]:
    """Paths that are not what the code says."""
    wanted = documents()
    wrong = [
        path
        for path, text in wanted.items()
        if not (folder / path).is_file() or (folder / path).read_text() != text
    ]
    kept = {f"schemas/{path.name}" for path in (folder / "schemas").glob("*")}
    return sorted(wrong + list(kept - set(wanted)))


def write(folder: Path = FOLDER) -> list[str]:
    """Bring them up to date, and say which were not."""
    wrong, wanted = stale(folder), documents()
    for path in wrong:
        if path not in wanted:
            (folder / path).unlink()
            continue
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(wanted[path])
    return wrong


def _json(document: dict) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """The command."""
    check = arguments == ["--check"]
    if arguments and not check:
        sys.stderr.write("usage: python -m docs.generate [--check]\n")
        return 2
    for path in stale() if check else write():
        sys.stdout.write(f"docs/{path} {'is stale' if check else 'written'}\n")
        check = check and "stale"
    if check == "stale":
        sys.stdout.write("run: python -m docs.generate\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
