"""``--wait``: from the command to where results are read."""

import os
import re
from typing import IO

from cli import output
from cli.credentials import Credentials
from cli.deployment import StackFile, find_deployment
from cli.environment import environment
from cli.imports.display import show_following
from cli.imports.following import (
    Failed,
    Following,
    IngestResults,
    LedgerResults,
    Results,
    follow,
)
from cli.imports.job import Job
from cli.imports.run import Summary
from functions.ledger.stores import open_ledger


def results_of(stack: StackFile | None, url: str, credentials: Credentials) -> Results:
    """Where the results of the import's events are read."""
    if stack is None:
        return IngestResults(url, credentials)
    deployment = find_deployment(None, None, None, environment(os.environ))
    return LedgerResults(open_ledger(stack["ledger"], stack["project"]), deployment)


BAD_ROWS = re.compile(r"counted from 1: ([0-9, ]+)\)")


def bad_rows(rows: list[int], message: str) -> list[int]:
    """Those of *rows* that *message* names by position; all where it names none.

    A stock event is applied but for its bad rows, whose positions its handler names.
    """
    match = BAD_ROWS.search(message)
    positions = map(int, match[1].split(",")) if match else ()
    named = [rows[position - 1] for position in positions if position <= len(rows)]
    return named or rows


def wait_for_results(
    job: Job, accepted: IO[str], results: Results, summary: Summary
) -> Following:
    """Wait until each event has a result; those not handled are listed."""

    def report(failed: Failed) -> None:
        record = {"uid": failed.uid, "error": failed.message}
        rows = bad_rows(failed.rows, failed.message)
        job.rejected.write(rows, record, None)
        lines = ", ".join(map(str, rows[:5]))
        more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
        output.warn(
            f"not handled: line {lines}{more}, uid {failed.uid}: {failed.message}"
        )

    with show_following(summary.events) as update:
        return follow(accepted, results, report, update)
