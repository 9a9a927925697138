"""``connect-commerce``."""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import click
import requests

from cli import output
from cli.adobe_registration import PROVIDER_LABEL, REGISTRATION, AdobeRegistration
from cli.commerce_eventing import CommerceEventing
from cli.connection_steps import ConnectionStep, sources
from cli.environment import environment
from cli.local_stack import stand_in_settings
from cli.options import json_option
from cli.workspace_file import InvalidWorkspace, Workspace, read_workspace
from functions.commerce.client import CommerceConnection
from functions.commerce.settings import CommerceSettings
from functions.settings import SettingsError, from_environment

WORDS = {
    "kept": "ok",
    "done": "done",
    "planned": "would do",
    "differs": "DIFFERS",
    "todo": "to do",
    "failed": "FAILED",
}


@click.command("connect-commerce")
@click.option("--url", help="Of the function commerce_events (make url ARGS=…).")
@click.option(
    "--workspace",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Workspace JSON of the Adobe Developer Console: sets Adobe's side up, too.",
)
@click.option("--instance-id", default="commerce_events", help="Of the provider.")
@click.option("--merchant-id", default="commerce", help="For a new configuration.")
@click.option("--environment-id", default="production", help="For a new configuration.")
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@json_option
def connect_commerce(
    url: str | None,
    workspace: Path | None,
    instance_id: str,
    merchant_id: str,
    environment_id: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Subscribe Commerce's events, and register commerce_events at Adobe.

    The store is that of COMMERCE_BASE_URL; without it, the stand-in of make run.
    What exists is kept, and differences are shown, so it can be repeated. Without
    --workspace it prints what to enter in the Adobe Developer Console.

    Exit status: 0 all set up, 1 a step failed or differs, 2 invalid settings, 3 not
    reachable.
    """
    if workspace and not url:
        raise click.UsageError(
            "--workspace needs the address to register: add --url (with a deployment,"
            ' --url "$(make -s url ARGS=commerce_events)")'
        )
    if url and (urlsplit(url).scheme != "https" or not urlsplit(url).hostname):
        raise click.UsageError("--url must be an https URL: Adobe calls no other")
    try:
        file = read_workspace(workspace) if workspace else None
    except InvalidWorkspace as error:
        raise click.UsageError(str(error)) from None
    names = {"instance": instance_id, "merchant": merchant_id, "name": environment_id}
    variables = environment(os.environ)
    if "COMMERCE_BASE_URL" not in variables:
        stand_in = stand_in_settings(variables)
        if stand_in and file:
            raise click.UsageError(
                "--workspace sets up Adobe's side, and the stand-in of make run has"
                " none: set COMMERCE_BASE_URL, or leave --workspace out"
            )
        variables |= stand_in
    sys.exit(run(variables, as_json, url, file, names, dry_run))


def run(
    variables: Mapping[str, str],
    as_json: bool,
    url: str | None,
    workspace: Workspace | None,
    names: Mapping[str, str],
    dry_run: bool,
    session: requests.Session | None = None,
) -> int:
    """Do and print every step; returns the exit status.

    Args:
        names: of a new configuration: ``instance``, ``merchant``, ``name``.
        session: sends the requests; by default sessions of their own.

    Raises:
        Unreachable: Commerce or Adobe does not answer.
    """
    try:
        settings = from_environment(CommerceSettings, variables)
    except SettingsError as error:
        _print(ConnectionStep("settings", "failed", str(error)), as_json)
        return 2
    failed = False
    for step in _steps(settings, url, workspace, names, dry_run, session):
        _print(step, as_json)
        failed |= step.failed
    return 1 if failed else 0


def _steps(
    settings: CommerceSettings,
    url: str | None,
    workspace: Workspace | None,
    names: Mapping[str, str],
    dry_run: bool,
    session: requests.Session | None,
) -> Iterator[ConnectionStep]:
    provider = ""
    if workspace is not None and url:
        adobe = AdobeRegistration(workspace, dry_run, session)
        yield from adobe.connect(names["instance"], url)
        provider = adobe.provider
    commerce = CommerceConnection(settings, session).session()
    eventing = CommerceEventing(commerce, dry_run, provider)
    yield eventing.configure(workspace, **names)
    yield from eventing.subscribe()
    if workspace is None:
        yield from _checklist(url, names["instance"])


def _checklist(url: str | None, instance: str) -> Iterator[ConnectionStep]:
    """What to enter at https://developer.adobe.com/console, without --workspace."""
    address = url or "the output commerce_events_url (make url ARGS=commerce_events)"
    for what, detail in (
        (
            "1 project",
            "add the APIs I/O Management API and I/O Events for Adobe Commerce",
        ),
        ("2 credential", "OAuth server-to-server; its client id is OAUTH_CLIENT_ID"),
        (
            "3 provider",
            f"bin/magento events:create-event-provider --label '{PROVIDER_LABEL}'"
            f" (instance id {instance}); on SaaS it exists",
        ),
        ("4 registration", f"Add event > the provider; name '{REGISTRATION}'"),
        ("5 events", ", ".join(source.code for source in sources())),
        ("6 delivery", f"webhook, one event at a time or in batches: {address}"),
        ("7 check", "the registration is Active: the console sent its challenge"),
    ):
        yield ConnectionStep(what, "todo", detail)


def _print(step: ConnectionStep, as_json: bool) -> None:
    if as_json:
        output.write_json(vars(step))
    else:
        output.write(f"{WORDS[step.state]:9}{step.what:68}{step.detail}")
