"""Writes the tables of inputs and outputs into README.md; --check only compares."""

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def blocks(kind: str, text: str) -> list[tuple[str, dict[str, str]]]:
    """Name and top-level arguments of each ``kind "name" { … }``, in their order."""
    found = re.findall(rf'^{kind} "(\w+)" {{\n(.*?)^}}', text, re.DOTALL | re.MULTILINE)
    return [(name, arguments(body)) for name, body in found]


def arguments(body: str) -> dict[str, str]:
    """Arguments of a block, nested blocks left out; a value on several lines is one."""
    given, name = {}, None
    for line in body.splitlines():
        if start := re.match(r"  (\w+)\s*= (.*)", line):
            name = start[1]
            given[name] = start[2]
        elif line.startswith(("    ", "  }", "  ]")) and name:
            given[name] += " " + line.strip()
        else:
            name = None
    return given


def code(value: str) -> str:
    """A value as code in a table's cell, its lines and columns pulled together."""
    together = re.sub(r"\s+", " ", value).replace("({ ", "({ ").replace("|", "\\|")
    fields = re.sub(r"(?<=[)\w]) (?=\w+ = )", ", ", together)
    return f"`{fields}`"


def text(value: str) -> str:
    """A quoted string's text."""
    return value.strip('"').replace('\\"', '"').replace("|", "\\|")


def inputs(source: str) -> str:
    """The table of variables."""
    lines = ["| variable | meaning | type | default |", "|---|---|---|---|"]
    for name, given in blocks("variable", source):
        default = code(given["default"]) if "default" in given else "**required**"
        meaning, kind = text(given["description"]), code(given["type"])
        lines.append(f"| `{name}` | {meaning} | {kind} | {default} |")
    return "\n".join(lines)


def outputs(source: str) -> str:
    """The table of outputs."""
    lines = ["| output | meaning |", "|---|---|"]
    for name, given in blocks("output", source):
        lines.append(f"| `{name}` | {text(given['description'])} |")
    return "\n".join(lines)


def rendered(page: str) -> str:
    """*page* with both tables made anew."""
    for marker, table in (
        ("inputs", inputs((HERE / "variables.tf").read_text())),
        ("outputs", outputs((HERE / "outputs.tf").read_text())),
    ):
        start, end = f"<!-- {marker} -->\n", f"<!-- /{marker} -->"
        before, _, rest = page.partition(start)
        page = before + start + table + "\n" + end + rest.partition(end)[2]
    return page


def main() -> int:
    """Write, or with --check say whether there is something to write."""
    path = HERE / "README.md"
    page = path.read_text()
    fresh = rendered(page)
    if "--check" not in sys.argv:
        path.write_text(fresh)
    elif page != fresh:
        sys.stderr.write("terraform/README.md is stale: run terraform/readme.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
