"""Puts measured tables into their place in the README of the bench."""

from local.processes import ROOT

PAGE = ROOT / "bench/README.md"
PICTURE = ROOT / "docs/pipeline.svg"


def publish(name: str, tables: str) -> None:
    """Replace what stands between the two marks of *name*."""
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    before, _, rest = PAGE.read_text().partition(start)
    _, _, after = rest.partition(end)
    if not after:
        raise SystemExit(f"{PAGE} has no marks for {name}")
    PAGE.write_text(f"{before}{start}\n{tables}\n{end}{after}")
