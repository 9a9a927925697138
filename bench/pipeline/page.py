"""Measured tables: printed, saved, and put into the README of the bench."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.processes import ROOT

PAGE = "bench/README.md"
PICTURE = "docs/pipeline.svg"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that :func:`report` reads."""
    parser.add_argument("--save", help="write the figures to this file, as JSON")
    parser.add_argument("--report", help="measure nothing: report a saved file")
    parser.add_argument(
        "--publish",
        nargs="?",
        const=str(ROOT),
        metavar="REPOSITORY",
        help="put the tables into bench/README.md, and draw the picture in docs/",
    )


def report(
    options: argparse.Namespace,
    name: str,
    measure: Callable[[argparse.Namespace], dict[str, Any]],
    tables: Callable[[dict[str, Any]], str],
    picture: Callable[[dict[str, Any]], str] = lambda _: "",
) -> dict[str, Any]:
    """Measure, or read a saved file; print, save and publish; what was measured.

    Args:
        name: of the place in the README.
        tables, picture: Markdown and SVG of what was measured.
    """
    saved = options.report and json.loads(Path(options.report).read_text())
    measured = saved or measure(options)
    sys.stdout.write(tables(measured))
    if options.save:
        Path(options.save).write_text(json.dumps(measured, indent=1) + "\n")
    if options.publish:
        publish(options.publish, name, tables(measured), picture(measured))
    return measured


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
