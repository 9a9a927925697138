"""``import``."""

import os
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from threading import Event as Flag
from typing import IO, Any

import click
from click.core import ParameterSource

from cli import local_stack, output
from cli.credentials import (
    Credentials,
    InvalidSecret,
    local_credentials,
    signing_credentials,
)
from cli.deployment import StackFile, Unreachable
from cli.environment import environment
from cli.imports.display import show_rows
from cli.imports.following import Following
from cli.imports.job import Job, Options, WrongOptions, earlier_progress, open_job
from cli.imports.poster import ImportStopped, Pace, Poster
from cli.imports.record import CannotResume
from cli.imports.report import write_summary
from cli.imports.run import Summary
from cli.imports.wait import results_of, wait_for_results
from cli.options import Delimiter, Pair, json_option

# By option, the field of ``Options`` that it sets.
STORED = {
    "event": "event",
    "columns": "mapping",
    "constants": "constants",
    "format_": "format",
    "delimiter": "delimiter",
    "decimal_comma": "decimal_comma",
    "encoding": "encoding",
    "rows_per_event": "rows_per_event",
    "concurrency": "concurrency",
    "url": "url",
}


@click.command("import")
@click.argument("file", envvar="IMPORT_FILE")
@click.option(
    "--event",
    envvar="SEND_EVENT",
    help="Event of every row, with or without be-observer.; CSV needs it. Without it,"
    ' each row is an event: {"event", "value"[, "uid"]}.',
)
@click.option(
    "--map",
    "columns",
    type=Pair(),
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Column of a field, where its name differs; repeatable.",
)
@click.option(
    "--set",
    "constants",
    type=Pair(),
    multiple=True,
    metavar="FIELD=VALUE",
    help="Value of a field in all rows; repeatable.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["csv", "ndjson", "json"]),
    help="By default the file's first character decides.",
)
@click.option(
    "--delimiter", type=Delimiter(), default=",", show_default=True, help="Of CSV."
)
@click.option("--decimal-comma", is_flag=True, help="Numbers are written 1.234,5.")
@click.option("--encoding", default="utf-8", show_default=True, help="Of the file.")
@click.option(
    "--rows-per-event",
    type=click.IntRange(1, 5000),
    help="Rows in one event whose value is a list.  [default: 500]",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    help="Requests at once; the events of one resource stay in order.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0),
    default=0.0,
    help="Rows a second at most.  [default: no limit]",
)
@click.option("--dry-run", is_flag=True, help="Validate all rows, and send nothing.")
@click.option("--resume", is_flag=True, help="Continue an interrupted import.")
@click.option(
    "--wait",
    is_flag=True,
    help="Wait until all events are handled, and list those that are not.",
)
@click.option(
    "--url", envvar="SEND_URL", help="Post to this ingest instead of the local stack's."
)
@click.option(
    "--token",
    envvar="SEND_TOKEN",
    show_envvar=True,
    help="Sent as Authorization: Bearer. By default, the first of INGEST_HMAC_SECRETS"
    " signs; for the local stack, also the first of INGEST_TOKENS is sent.",
)
@json_option
@click.pass_context
def import_(
    context: click.Context,
    file: str,
    rate: float,
    dry_run: bool,
    resume: bool,
    wait: bool,
    token: str | None,
    as_json: bool,
    **stored: Any,
) -> None:
    """Post the rows of FILE as events.

    FILE is CSV, NDJSON or a JSON array; - is standard input.

    Rows that are invalid are written to FILE.rejected.ndjson, with line and reason, and
    the others are posted.

    Exit status: 0 all accepted (with --wait: handled), 1 some not, 2 usage, 3 not
    reachable.
    """
    path = None if file == "-" else Path(file)
    if path and not path.is_file():
        raise click.UsageError(f"There is no file {file}: name an existing one, or -")
    stored["columns"] = dict(stored["columns"]) or None
    stored["constants"] = dict(stored["constants"]) or None
    options = Options(**{STORED[name]: value for name, value in stored.items()})
    try:
        progress = earlier_progress(path, resume)
        if progress:
            options = _stored_options(context, options, progress.options)
        with (
            tempfile.TemporaryFile("w+") as accepted,
            open_job(
                path,
                sys.stdin.buffer,
                options,
                progress,
                accepted if wait and not dry_run else None,
            ) as job,
        ):
            if job.unused:
                output.warn(f"Columns that fill no field: {', '.join(job.unused)}")
            if dry_run:
                summary = job.run.check(_shown(job, f"checking {file}"))
                following = None
            else:
                description = f"importing {file}"
                summary, following = _send(
                    job,
                    description,
                    options,
                    token,
                    rate,
                    accepted if wait else None,
                    context.obj or {},  # a test's own session
                )
    except (CannotResume, WrongOptions, UnicodeError) as error:
        raise click.UsageError(str(error)) from None
    write_summary(job, file, summary, following, dry_run, as_json)
    failed = following.failed if following else 0
    sys.exit(1 if summary.rejected or failed else 0)


def _stored_options(
    context: click.Context, given: Options, stored: dict[str, Any]
) -> Options:
    """The options of the first run; the same ones may be given again."""
    options = Options(**stored)
    for parameter, name in STORED.items():
        source = context.get_parameter_source(parameter)
        if source != ParameterSource.COMMANDLINE:
            continue
        if getattr(given, name) != getattr(options, name):
            option = parameter.strip("_").replace("_", "-")
            raise CannotResume(
                f"The interrupted import had another value of --{option}: leave it out"
                " with --resume"
            )
    return options


def _send(
    job: Job,
    description: str,
    options: Options,
    token: str | None,
    rate: float,
    accepted: IO[str] | None,
    poster_options: dict[str, Any],
) -> tuple[Summary, Following | None]:
    stack = None if options.url else local_stack.running_stack()
    url = options.url or (stack["ingest"] if stack else "")
    credentials = _credentials(stack, token)

    @cache  # the requests of all lanes fail for one reason
    def warn_once(text: str) -> None:
        output.warn(text)

    def connect(stopped: Flag) -> Poster:
        return Poster(url, credentials, stopped, warn=warn_once, **poster_options)

    again = "continue with --resume" if job.resume_file else "standard input is lost"
    try:
        rows = _shown(job, description)
        summary = job.run.send(rows, connect, Pace(rate))
    except ImportStopped as error:
        text = f"{error}; {again}"
        if error.usage:
            raise click.UsageError(text) from None
        raise Unreachable(text) from None
    except KeyboardInterrupt:
        output.warn(f"The import was interrupted: {again}")
        sys.exit(130)
    if job.resume_file:
        job.resume_file.unlink(missing_ok=True)
    if accepted is None:
        return summary, None
    return summary, wait_for_results(
        job, accepted, results_of(stack, url, credentials), summary
    )


def _credentials(stack: StackFile | None, token: str | None) -> Credentials:
    """The token, or what the environment has: for --url only a secret that signs."""
    if token:
        return Credentials(token)
    variables = environment(os.environ)
    try:
        if stack:
            return local_credentials(variables)
        return signing_credentials(variables)
    except InvalidSecret as error:
        raise click.UsageError(str(error)) from None


def _shown(job: Job, description: str) -> Iterator[Any]:
    return show_rows(job.rows, description, job.total_bytes, lambda: job.counted.count)
