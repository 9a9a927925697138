"""Puts measured tables into their place in the README of the bench."""

from pathlib import Path

PAGE = "bench/README.md"
PICTURE = "docs/pipeline.svg"


def publish(repository: str, name: str, tables: str, picture: str = "") -> None:
    """Replace what stands between the two marks of *name*, and the picture."""
    page = Path(repository, PAGE)
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    before, _, rest = page.read_text().partition(start)
    _, _, after = rest.partition(end)
    if not after:
        raise SystemExit(f"{page} has no marks for {name}")
    if picture:
        Path(repository, PICTURE).write_text(picture)
        tables = f"![Events a second from POST to Commerce](../{PICTURE})\n\n{tables}"
    page.write_text(f"{before}{start}\n{tables}\n{end}{after}")
