"""``send``."""

import json
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cli import local_stack, output
from cli.credentials import (
    Credentials,
    InvalidSecret,
    local_credentials,
    signing_credentials,
)
from cli.environment import environment
from cli.event_names import bare_name, closest_names
from cli.event_sender import EventSender, InvalidUrl, SendResult
from cli.history import event_history
from cli.make_command import make_command
from cli.options import deployment_of, json_option
from cli.sample_events import SEQUENCE, existing_entity, select_events
from cli.times import next_attempt_words
from functions.events.catalog import OUTBOUND_EVENTS

WAIT_SECONDS = 20.0
NDJSON_SUFFIXES = (".ndjson", ".jsonl")


@click.command()
@click.option(
    "--event",
    envvar="SEND_EVENT",
    default="catalog_product_create",
    show_default=True,
    help="Event whose sample is posted, with or without be-observer., or: all.",
)
@click.option(
    "--file",
    "file",
    envvar="SEND_FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='Post this file instead: {"data": {"uid", "event", "value"}}; for a batch'
    ' {"data": [...]}, a list of events, or .ndjson with one event in each line.',
)
@click.option(
    "--url",
    envvar="SEND_URL",
    help="Post to this ingest instead of the local stack's.",
)
@click.option(
    "--token",
    envvar="SEND_TOKEN",
    show_envvar=True,
    help="Sent as Authorization: Bearer; for the local stack by default the first of"
    " INGEST_TOKENS. Without a token, INGEST_HMAC_SECRETS signs. The list of processes"
    " shows an option, but not a variable.",
)
@click.option(
    "--wait",
    default=WAIT_SECONDS,
    show_default=True,
    help="Seconds to wait for the result of an event.",
)
@click.option(
    "--yes",
    is_flag=True,
    help="Post samples to a real store although they may change existing entities.",
)
@json_option
def send(
    event: str,
    file: Path | None,
    url: str | None,
    token: str | None,
    wait: float,
    yes: bool,
    as_json: bool,
) -> None:
    """Post sample events to the local stack, or to --url, and wait for the results.

    Every run uses a SKU, e-mail address and group of its own, and an order of the
    stand-in's, so it works any number of times. With --url or a real store, ids are
    the samples' own; such a sample is posted only with --yes.

    An event of Commerce itself (commerce.order.created) is simulated by the stand-in,
    signed, and delivered to the receiver.

    Exit status: 0 all handled (with --url: accepted), 1 some not, 2 usage, 3 not
    reachable.
    """
    stack = None if url else local_stack.running_stack()
    try:
        events = [] if file else select_events(event, alone=stack is None)
    except KeyError:
        raise click.UsageError(_unknown_sample(event)) from None
    if not yes and (stack is None or stack["real_store"]):
        _require_yes(events)
    address = url or (stack["ingest"] if stack else "")
    sender = EventSender(address, _credentials(token, bool(stack)), stack, wait)
    failed = False
    for body in _bodies(events, file, sender):
        try:
            # Commerce's own events have no body: the stand-in makes it.
            simulated = isinstance(body, str) and body in OUTBOUND_EVENTS
            results = [sender.simulate(body)] if simulated else sender.post(body)
        except InvalidUrl as error:
            raise click.UsageError(f"--url must be an http(s) URL: {error}") from None
        for result in results:
            if stack and result.outcome == "retrying":
                result = _with_next_attempt(result)
            failed |= result.failed
            if as_json:
                output.write_json(result.as_dict())
                continue
            for line in _lines(result):
                output.write(line)
        sys.stdout.flush()
    sys.exit(1 if failed else 0)


def _unknown_sample(event: str) -> str:
    closest = " or ".join(map(bare_name, closest_names(event)))
    proposal = f"did you mean {closest}? The others:" if closest else "choose one of"
    names = ", ".join(map(bare_name, (*SEQUENCE, *OUTBOUND_EVENTS)))
    return f"There is no sample of {event}: {proposal} {names}"


def _with_next_attempt(result: SendResult) -> SendResult:
    """*result*, with number and time of the next delivery attempt if they are known."""
    history = event_history(deployment_of(), result.uid)
    if history is None or history.next_attempt is None:
        return result
    return replace(result, attempt=history.attempt, next_attempt=history.next_attempt)


def _credentials(token: str | None, is_local: bool) -> Credentials:
    """*token*, or what the environment holds; tokens of ``.env`` stay on this machine.

    A signature reveals nothing, so INGEST_HMAC_SECRETS signs for every ingest.
    """
    if token:
        return Credentials(token)
    read = local_credentials if is_local else signing_credentials
    try:
        return read(environment(os.environ))
    except InvalidSecret as error:
        raise click.UsageError(str(error)) from None


def _require_yes(events: list[str]) -> None:
    """Samples that could change existing entities of a real store need --yes."""
    changing = [
        f"{event.removeprefix('be-observer.')} ({entity})"
        for event in events
        if event not in OUTBOUND_EVENTS
        if (entity := existing_entity(event))
    ]
    if changing:
        raise click.UsageError(
            "These samples would change existing entities of a real store: "
            + ", ".join(changing)
            + ". Post an event of your own with --file (FILE=…), or add --yes"
            " (ARGS=--yes)"
        )


def _bodies(events: list[str], file: Path | None, sender: EventSender) -> Iterable[Any]:
    if file is not None:
        if file.suffix in NDJSON_SUFFIXES:
            return [file.read_bytes()]
        try:
            body = json.loads(file.read_text())
            return [{"data": body} if isinstance(body, list) else body]
        except ValueError as error:
            raise click.UsageError(f"{file} is not JSON: {error}") from None
    # One after the other: a later sample needs the id of what an earlier one created.
    return (
        event if event in OUTBOUND_EVENTS else sender.sample(event) for event in events
    )


def _lines(result: SendResult) -> list[str]:
    trace = make_command("trace", UID=result.uid)
    lines = [f"{result.event or '(no event)'}  uid {result.uid or '-'}"]
    answer = result.answer
    if result.posted == 200:
        lines.append(f"  posted    200  {answer['response']['message']}")
    else:
        lines.append(f"  rejected  {result.posted}  {answer.get('error', answer)}")
        lines += _advice(result.posted, answer)
    if result.status is not None:
        outcome = result.outcome.ljust(9)
        lines.append(
            f"  {outcome} {result.status}  {result.message}  ({result.ms:g} ms)"
        )
        if result.outcome == "retrying":
            when = _next_attempt(result) or f"{trace} shows when"
            lines.append(f"            it is delivered again: {when}")
    elif result.outcome == "waiting":
        lines.append(
            f"  waiting   no result yet: see the output of make run, or {trace}"
        )
    elif result.outcome == "accepted":
        lines.append(f"  accepted  {trace} shows its result")
    return lines


def _next_attempt(result: SendResult) -> str:
    if result.attempt is None or result.next_attempt is None:
        return ""
    at = datetime.fromisoformat(result.next_attempt).timestamp()
    return next_attempt_words(result.attempt, at, time.time())


def _advice(status: int, answer: dict[str, Any]) -> list[str]:
    lines = []
    if status == 401:
        lines.append("            authenticate with --token, or TOKEN=… make send")
        lines.append("            or sign: INGEST_HMAC_SECRETS=whsec_… make send")
        lines.append("            (ID token: see docs/ingest.md)")
    errors = answer.get("errors")
    for path, messages in errors.items() if isinstance(errors, dict) else ():
        lines.append(f"            {path}: {' '.join(map(str, messages))}")
    return lines
