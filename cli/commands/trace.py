"""``trace``."""

import sys
from typing import Any

import click

from cli import output
from cli.dead_letters import opened
from cli.letters import Letter, Selection
from cli.logs import logs, logs_command, shown
from cli.options import where_of, where_options
from cli.trace import Life, Step, life
from cli.where import Where

# Shown in their own columns, or in words.
APART = {"event", "entity", "uid", "message_id", "attempt", "outcome", "status"}
APART |= {"answer", "ms", "message", "severity", "state"}
APART |= {"subscription", "verdict"}


@click.command()
@click.argument("uid")
@click.option(
    "--logs",
    "with_logs",
    is_flag=True,
    help="Also read Cloud Logging, through gcloud: each try, not only the last.",
)
@click.option(
    "--no-dead-letters",
    is_flag=True,
    help="Do not look through the dead letters; in the cloud that takes seconds.",
)
@where_options
def trace(uid, with_logs, no_dead_letters, project, prefix, ledger, as_json) -> None:
    """Tell the life of the event UID: received, published, each try, outcome.

    Exit status: 1 when nothing is known of it.
    """
    where = where_of(project, prefix, ledger)
    if with_logs and where.state:
        raise click.UsageError("--logs is for a deployment: --project")
    if where.store is None:
        output.warn("LEDGER is not set: what the ledger knows is left out")
    letters: list[Letter] = []
    if not no_dead_letters:
        with opened(where) as found:
            letters = found.select(Selection(uid=uid))
    command = logs_command(where, uid)
    known = life(where, uid, letters, logs(command) if with_logs else ())
    if known is None:
        output.warn(f"Nothing is known of {output.plain(uid)} in {where.name}")
    elif as_json:
        _tell(known)
    else:
        _show(known, uid, where)
    if not where.state and not with_logs:
        output.warn(f"Each try, in Cloud Logging (--logs runs it):\n  {shown(command)}")
    sys.exit(0 if known else 1)


def _tell(known: Life) -> None:
    for step in known.steps:
        labels = {n: v for n, v in step.labels.items() if n != "state"}
        told = {"at": step.at, "stage": step.stage, "told_by": step.told_by}
        output.tell({**labels, **told})
    now = {name: value for name, value in vars(known).items() if name != "steps"}
    output.tell({"stage": "now", **now})


def _show(known: Life, uid: str, where: Where) -> None:
    output.say(output.plain(f"{uid} in {where.name}"))
    for step in known.steps:
        output.say(output.plain(_line(step)))
    output.say(output.plain(f"now: {_now(known)}"))


def _line(step: Step) -> str:
    at = step.at[:23].replace("T", " ")
    return f"{at}  {_what(step):22} {_words(step)}".rstrip()


def _what(step: Step) -> str:
    labels = step.labels
    if step.stage == "attempt" and "attempt" in labels:
        return f"attempt {labels['attempt']}"
    return str(labels.get("outcome") or step.stage)


def _words(step: Step) -> str:
    labels = step.labels
    words: list[Any] = []
    if step.stage in ("received", "published"):
        words.append(labels.get("event"))
    if step.stage == "call":
        words.append(labels.get("message"))
    words += [labels.get("status"), labels.get("answer")]
    if "ms" in labels:
        words.append(f"{labels['ms']:g} ms")
    if "message_id" in labels:
        words.append(f"message {labels['message_id']}")
    words += [f"{n}={v}" for n, v in labels.items() if n not in APART]
    return "  ".join(str(word) for word in words if word not in (None, ""))


def _now(known: Life) -> str:
    words = [known.state, *(str(w) for w in (known.status, known.answer) if w)]
    waits = "".join(
        f"; dead letter {message_id} waits:"
        f' make dead-letters ARGS="--show {message_id}"'
        for message_id in known.dead_letters
    )
    return " ".join(words) + waits
