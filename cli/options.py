"""What several commands take: which deployment, which letters, in which form."""

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import click

from cli import output
from cli.environment import environment
from cli.letters import Selection
from cli.where import Where, resolve
from functions.events.catalog import ENTITIES
from functions.timestamps import timestamp

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Moment(click.ParamType):
    """A moment: RFC 3339 (UTC unless it says so), a date, or how long ago (``90m``)."""

    name = "time"

    def convert(self, value, param, ctx) -> str:
        """The moment as :func:`timestamp` writes it."""
        try:
            return timestamp(_moment(value))
        except (ValueError, OverflowError):  # the latter: before the year 1
            self.fail(
                "is a time such as 2026-10-05T12:00:00Z, a date, or 90m, 3h, 2d", param
            )


def _moment(text: str) -> datetime:
    if ago := re.fullmatch(r"([0-9]{1,6})([smhdw])", text):
        return datetime.now(UTC) - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _all(options: list[Callable]) -> Callable[[Callable], Callable]:
    def decorate(command: Callable) -> Callable:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


where_options = _all(
    [
        click.option("--project", help="Google Cloud project of the deployment."),
        click.option("--prefix", help="Its prefix of topics.  [default: commerce-]"),
        click.option("--ledger", help="Its ledger, as in the variable LEDGER."),
        click.option("--json", "as_json", is_flag=True, help="One JSON object a line."),
    ]
)

letter_options = _all(
    [
        click.option("--entity", type=click.Choice(ENTITIES), help="Only of this one."),
        click.option("--event", help="Only these, with or without be-observer."),
        click.option("--uid", help="Only of this uid."),
        click.option("--reason", help="Only where the reason contains this."),
        click.option(
            "--since", type=Moment(), help="Only from then on: time, date, or 3h, 2d."
        ),
        click.option("--until", type=Moment(), help="Only from before then."),
    ]
)


def where_of(
    project: str | None = None, prefix: str | None = None, ledger: str | None = None
) -> Where:
    """The deployment that options and environment name.

    Raises:
        Unreachable: there is none.
        SettingsError: a variable is wrong.
        click.UsageError: an option is.
    """
    try:
        where = resolve(project, prefix, ledger, environment(os.environ))
    except ValueError as error:
        raise click.UsageError(f"--ledger {error}") from None
    other = os.environ.get("GOOGLE_CLOUD_PROJECT")
    if other and where.state:
        output.warn(f"This is about {where.name}; --project {other} means the cloud")
    return where


def selection_of(ids: tuple[str, ...] = (), **filters: str | None) -> Selection:
    """What the letter options say."""
    return Selection(ids=frozenset(ids), **filters)


def must_select(selection: Selection, everything: bool) -> None:
    """Letters are changed only where somebody said which.

    Raises:
        click.UsageError: nobody did, or twice.
    """
    chosen = selection != Selection()
    if not chosen and not everything:
        raise click.UsageError("Say which: MESSAGE_ID…, a filter, or --all")
    if selection.ids and everything:
        raise click.UsageError("MESSAGE_ID and --all exclude each other")
