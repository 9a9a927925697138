"""``trace``."""

import sys
import time
from datetime import datetime
from functools import partial
from typing import Any

import click

from cli import output
from cli.cloud_logs import logs_command, read_logs, shell_command
from cli.dead_letter import DeadLetter, Selection
from cli.dead_letter_queue import open_dead_letters
from cli.history import History, event_history
from cli.make_command import make_command
from cli.options import deployment_of, deployment_options
from cli.pausing import is_paused
from cli.pubsub import PubSub
from cli.steps import PUBLISHING, Step
from cli.times import next_attempt_words

# Shown in columns of their own, or not of interest.
OWN_COLUMNS = {"event", "entity", "uid", "message_id", "attempt", "outcome", "status"}
OWN_COLUMNS |= {"method", "route", "message", "reason", "ms", "http_status"}
OWN_COLUMNS |= {"subscription", "span_id", "replayed", "request"}


@click.command()
@click.argument("uid", envvar="TRACE_UID")
@click.option(
    "--logs",
    "with_logs",
    is_flag=True,
    help="Also read Cloud Logging, with gcloud: every attempt, not only the newest.",
)
@click.option(
    "--no-dead-letters",
    is_flag=True,
    help="Do not read the dead letters; in the cloud that takes seconds.",
)
@deployment_options
def trace(
    uid: str,
    with_logs: bool,
    no_dead_letters: bool,
    project: str | None,
    prefix: str | None,
    ledger: str | None,
    as_json: bool,
) -> None:
    """Show the history of the event UID: publishing, delivery attempts, outcome.

    Exit status: 1 when nothing is known of it.
    """
    deployment = deployment_of(project, prefix, ledger)
    if with_logs and deployment.state:
        raise click.UsageError("--logs needs a deployment: add --project")
    if deployment.ledger is None:
        output.warn("The ledger is not read: set LEDGER to include it")
    dead_letters: list[DeadLetter] = []
    if not no_dead_letters:
        with open_dead_letters(deployment) as queue:
            dead_letters = queue.select(Selection(uid=uid))
    command = logs_command(deployment, uid)
    logs = read_logs(command) if with_logs else []
    with PubSub(deployment.pubsub) as pubsub:
        history = event_history(
            deployment, uid, dead_letters, logs, partial(is_paused, deployment, pubsub)
        )
    if history is None:
        output.warn(
            f"Nothing is known of {uid} in {deployment.name}: check the uid;"
            " an event that ingest rejected within a batch has no history"
        )
    elif as_json:
        _print_json(history)
    else:
        output.write(f"{uid} in {deployment.name}")
        for step in history.steps:
            output.write(format_step(step))
        output.write(f"now: {format_state(history)}")
    if not deployment.state and not with_logs:
        output.warn("Cloud Logging has every attempt (--logs reads it):")
        output.warn(f"  {shell_command(command)}")
    sys.exit(0 if history else 1)


def _print_json(history: History) -> None:
    for step in history.steps:
        own = {"at": step.at, "stage": step.stage, "recorded_in": step.recorded_in}
        output.write_json({**step.labels, **own})
    state = {name: value for name, value in vars(history).items() if name != "steps"}
    output.write_json({"stage": "now", **state})


def format_step(step: Step) -> str:
    """The line that shows *step*."""
    at = step.at[:23].replace("T", " ")
    labels = step.labels
    if step.stage == "delivered" and "attempt" in labels:
        name = f"attempt {labels['attempt']}"
    else:
        name = str(labels.get("outcome") or step.stage)
    return f"{at}  {name:22} {'  '.join(_words(step))}".rstrip()


def _words(step: Step) -> list[str]:
    labels = step.labels
    words: list[Any] = []
    if step.stage in PUBLISHING:
        words.append(labels.get("event"))
    if step.stage == "call":
        words.append(f"{labels['method']} {labels['route']}")
    words += [labels.get("status"), labels.get("message")]
    if labels.get("message") is None:
        words.append(labels.get("reason"))
    elif labels.get("outcome") == "skipped":
        words.append(labels.get("reason"))
    if "ms" in labels and step.stage not in PUBLISHING:
        words.append(f"{labels['ms']:g} ms")
    if step.message_id:
        words.append(f"message {step.message_id}")
    words += [
        f"{name}={value}" for name, value in labels.items() if name not in OWN_COLUMNS
    ]
    return [str(word) for word in words if word not in (None, "")]


def format_state(history: History) -> str:
    """The words that show the current state."""
    words = [history.state, *(str(w) for w in (history.status, history.message) if w)]
    dead_letters = "".join(
        f"; dead letter {message_id}: "
        + make_command("dead-letters", "--show", message_id)
        for message_id in history.dead_letters
    )
    if history.attempt and history.next_attempt:
        at = datetime.fromisoformat(history.next_attempt).timestamp()
        words.append(f"- {next_attempt_words(history.attempt, at, time.time())}")
    return " ".join(words) + dead_letters
