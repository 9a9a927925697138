"""Options that several commands share: the deployment, and which dead letters."""

import os
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click

from cli import output
from cli.dead_letter import Selection
from cli.deployment import Deployment, find_deployment
from cli.environment import environment
from functions.events.catalog import ENTITIES
from functions.timestamps import timestamp

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

Command = TypeVar("Command", bound=Callable[..., Any])


class Time(click.ParamType):
    """RFC 3339 (UTC without an offset), a date, or a duration before now (``90m``)."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """The time as :func:`timestamp` writes it."""
        try:
            return timestamp(_parse_time(value))
        except (ValueError, OverflowError):  # the latter: before the year 1
            self.fail(
                "must be a time such as 2026-10-05T12:00:00Z, a date, or 90m, 3h, 2d",
                param,
            )


def _parse_time(text: str) -> datetime:
    if ago := re.fullmatch(r"([0-9]{1,6})([smhdw])", text):
        return datetime.now(UTC) - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Pair(click.ParamType):
    """``NAME=VALUE``."""

    name = "name=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Name and value."""
        name, separator, text = str(value).partition("=")
        if not separator or not name:
            self.fail(f"{value!r} is not of the form NAME=VALUE", param)
        return name, text


class Delimiter(click.ParamType):
    """One character; ``tab`` or ``\\t`` for a tab."""

    name = "character"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """The character."""
        text = "\t" if value in ("tab", "\\t") else str(value)
        if len(text) != 1 or text in '"\r\n':
            self.fail("must be one character, or: tab", param)
        return text


def _combine(
    options: Sequence[Callable[[Command], Command]],
) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per line."
)
deployment_options: Callable[[Callable[..., Any]], Callable[..., Any]] = _combine(
    [
        click.option("--project", help="Google Cloud project of the deployment."),
        click.option("--prefix", help="Prefix of its topics.  [default: commerce-]"),
        click.option("--ledger", help="Its ledger, as in the variable LEDGER."),
        json_option,
    ]
)
selection_options: Callable[[Callable[..., Any]], Callable[..., Any]] = _combine(
    [
        click.option("--entity", type=click.Choice(ENTITIES), help="Only this entity."),
        click.option("--event", help="Only this event, with or without be-observer."),
        click.option("--uid", help="Only this uid."),
        click.option("--reason", help="Only where the reason contains this text."),
        click.option(
            "--since", type=Time(), help="Not older than this time, date, or 3h, 2d."
        ),
        click.option("--until", type=Time(), help="Older than this."),
    ]
)


def deployment_of(
    project: str | None = None, prefix: str | None = None, ledger: str | None = None
) -> Deployment:
    """The deployment that options and environment name.

    Raises:
        Unreachable: there is none.
        SettingsError: a variable is invalid.
        click.UsageError: an option is invalid.
    """
    try:
        deployment = find_deployment(project, prefix, ledger, environment(os.environ))
    except ValueError as error:
        raise click.UsageError(f"--ledger {error}") from None
    other = os.environ.get("GOOGLE_CLOUD_PROJECT")
    if other and deployment.state:
        output.warn(
            f"This is about {deployment.name}; for the project add --project {other}"
        )
    return deployment


def selection_of(ids: tuple[str, ...] = (), **filters: str | None) -> Selection:
    """The selection that the options name."""
    return Selection(ids=frozenset(ids), **filters)


def require_selection(selection: Selection, everything: bool) -> None:
    """Dead letters are changed only where the command names them.

    Raises:
        click.UsageError: it names none, or contradicts itself.
    """
    if selection == Selection() and not everything:
        raise click.UsageError(
            "No dead letters are selected: add MESSAGE_ID…, a filter, or --all"
        )
    if selection.ids and everything:
        raise click.UsageError("MESSAGE_ID and --all exclude each other")
