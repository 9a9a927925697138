"""The tables of variables and outputs in ``terraform/README.md``."""

import re
from pathlib import Path

from tools.docs.marked_tables import replace_table

TERRAFORM = Path(__file__).resolve().parents[2] / "terraform"


def document() -> str:
    """The page, with its tables generated anew between their markers."""
    page = (TERRAFORM / "README.md").read_text()
    for marker, table in (
        ("inputs", _inputs((TERRAFORM / "variables.tf").read_text())),
        (
            "protection",
            _inputs((TERRAFORM / "variables_protection.tf").read_text()),
        ),
        ("outputs", _outputs((TERRAFORM / "outputs.tf").read_text())),
    ):
        page = replace_table(page, marker, table)
    return page


def _blocks(kind: str, source: str) -> list[tuple[str, dict[str, str]]]:
    """Name and top-level arguments of each ``kind "name" { … }``, in source order."""
    blocks = re.findall(rf'^{kind} "(\w+)" {{\n(.*?)^}}', source, re.DOTALL | re.M)
    return [(name, _arguments(body)) for name, body in blocks]


def _arguments(body: str) -> dict[str, str]:
    """Arguments of a block without nested blocks; lines of one value are joined."""
    arguments: dict[str, str] = {}
    name = None
    for line in body.splitlines():
        if start := re.match(r"  (\w+)\s*= (.*)", line):
            name = start[1]
            arguments[name] = start[2]
        elif line.startswith(("    ", "  }", "  ]")) and name:
            arguments[name] += " " + line.strip()
        else:
            name = None
    return arguments


def _code(value: str) -> str:
    """A value as code in a table's cell, on one line without alignment."""
    joined = re.sub(r"\s+", " ", value).replace("({ ", "({ ").replace("|", "\\|")
    fields = re.sub(r"(?<=[)\w]) (?=\w+ = )", ", ", joined)
    return f"`{fields}`"


def _text(value: str) -> str:
    """The text of a quoted string."""
    return value.strip('"').replace('\\"', '"').replace("|", "\\|")


def _inputs(source: str) -> str:
    lines = ["| variable | meaning | type | default |", "|---|---|---|---|"]
    for name, argument in _blocks("variable", source):
        default = (
            _code(argument["default"]) if "default" in argument else "**required**"
        )
        meaning, kind = _text(argument["description"]), _code(argument["type"])
        lines.append(f"| `{name}` | {meaning} | {kind} | {default} |")
    return "\n".join(lines)


def _outputs(source: str) -> str:
    lines = ["| output | meaning |", "|---|---|"]
    for name, argument in _blocks("output", source):
        lines.append(f"| `{name}` | {_text(argument['description'])} |")
    return "\n".join(lines)
