"""``check-kit``."""

import sys
from itertools import chain
from pathlib import Path

import click

from cli import output
from cli.kit.checkout import Checkout, NoCheckout
from cli.kit.dangers import check_dangers
from cli.kit.events import check_code, check_events
from cli.kit.settings import check_settings
from cli.options import json_option


@click.command("check-kit")
@click.argument("path", type=click.Path(file_okay=False, path_type=Path))
@json_option
def check_kit(path: Path, as_json: bool) -> None:
    """Check what the kit's checkout at PATH needs to move here.

    Reads .env, app.config.yaml, actions/** and scripts/**/events.json, and changes
    nothing. No value of a setting is printed. docs/migrate.md explains the findings.

    Exit status: 0 nothing, 1 something needs work, 2 PATH is no checkout of the kit.
    """
    try:
        checkout = Checkout(path)
    except NoCheckout as error:
        raise click.UsageError(str(error)) from None
    findings = list(
        chain(
            check_settings(checkout.settings()),
            check_events(checkout),
            check_code(checkout),
            check_dangers(checkout),
        )
    )
    if as_json:
        for finding in findings:
            output.write_json(vars(finding))
    else:
        rows = [(f.subject, f.verdict, f.name, f.detail) for f in findings]
        output.table(("SUBJECT", "VERDICT", "NAME", "DETAIL"), rows)
        count = sum(finding.needs_work for finding in findings)
        output.write(f"{count} of {len(findings)} findings need work")
    sys.exit(1 if any(finding.needs_work for finding in findings) else 0)
