"""``check-commerce``."""

import os
import sys
from collections.abc import Mapping

import click
import requests

from cli import output
from cli.deployment import Unreachable
from cli.environment import environment
from cli.options import json_option
from cli.store_checks import Finding, check_store
from functions.commerce.settings import CommerceSettings
from functions.settings import SettingsError, from_environment

WORDS = {True: "ok", False: "FAILED", None: "-"}


@click.command("check-commerce")
@click.option("--writes", is_flag=True, help="Also check permissions to write.")
@json_option
def check_commerce(writes: bool, as_json: bool) -> None:
    """Check authentication, permissions and clock at the configured store.

    Nothing is changed there. With --writes, the store gets POST and PUT requests
    that it must reject; how it rejects them shows whether writing is allowed.

    Exit status: 0 all passed, 1 some failed, 2 invalid settings, 3 store not reachable.
    """
    sys.exit(run(environment(os.environ), as_json, writes=writes))


def run(
    variables: Mapping[str, str],
    as_json: bool,
    session: requests.Session | None = None,
    writes: bool = False,
) -> int:
    """Check the store that *variables* name and print the findings.

    Args:
        session: sends the requests; by default one of its own.
        writes: check permissions to write as well.

    Returns:
        The exit status.
    """
    try:
        settings = from_environment(CommerceSettings, variables)
    except SettingsError as error:
        _print(Finding("settings", False, str(error)), as_json)
        return 2
    failed = False
    try:
        for finding in check_store(settings, session, writes):
            _print(finding, as_json)
            failed |= finding.ok is False
    except Unreachable as error:
        _print(Finding("reachable", False, str(error)), as_json)
        return 3
    return 1 if failed else 0


def _print(finding: Finding, as_json: bool) -> None:
    if as_json:
        output.write_json(vars(finding))
    else:
        output.write(f"{WORDS[finding.ok]:8}{finding.check:31}{finding.detail}")
