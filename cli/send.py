"""``send``: posts sample events, and tells what became of them."""

import json
import os
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import click
import requests

from cli import local_stack
from cli.environment import environment
from cli.plain import plain
from cli.samples import SEQUENCE, Run, touches, wanted
from functions.ledger.ledger import uid_hash
from functions.ledger.stores import open_store

WAIT_SECONDS = 20.0
LOOK_SECONDS = 0.05
POST_SECONDS = 30
NO_URL = (
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
)


@click.command()
@click.option(
    "--event",
    default="catalog_product_create",
    show_default=True,
    help="Name of a sample, with or without be-observer., or: all.",
)
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='Post this file instead: {"data": {"uid", "event", "value"}}.',
)
@click.option("--url", help="Post there instead of to the running stack.")
@click.option(
    "--token",
    help="Sent as Authorization: Bearer; for the local stack by default the first of"
    " INGEST_TOKENS.",
)
@click.option(
    "--wait",
    default=WAIT_SECONDS,
    show_default=True,
    help="Seconds to wait for what becomes of an event.",
)
@click.option(
    "--yes",
    is_flag=True,
    help="Post samples to a real store also where they name what may be there already.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def send(
    event: str,
    file: Path | None,
    url: str | None,
    token: str | None,
    wait: float,
    yes: bool,
    as_json: bool,
) -> None:
    """Post sample events to the running stack, or to --url, and follow them.

    Every run uses its own SKU, e-mail and group, and an order of the stand-in's, so it
    works any number of times. Against --url or a real store, ids are the samples' own;
    such a sample is posted with --yes only.

    Exit status: 0 all handled (with --url: accepted), 1 some not, 2 usage, 3 nobody
    there.
    """
    stack = None if url else local_stack.find()
    if stack and not token:
        token = _own_token()
    sender = Sender(url or stack["ingest"], token, stack, wait)
    try:
        names = [] if file else wanted(event, alone=stack is None)
    except KeyError:
        names = ", ".join(name.removeprefix("be-observer.") for name in SEQUENCE)
        raise click.UsageError(f"no sample of {event}; there are: {names}") from None
    if not yes and (url or stack["real_store"]):
        _ask_for_yes(names)
    failed = False
    for body in _bodies(names, file, sender):
        told = sender.post(body)
        sys.stdout.write(json.dumps(told) + "\n" if as_json else _words(told))
        sys.stdout.flush()
        failed |= told["outcome"] not in ("handled", "accepted")
    sys.exit(1 if failed else 0)


class Sender:
    """Posts events to one address.

    Args:
        stack: what ``stack.json`` holds; None for a deployed system.
    """

    def __init__(
        self, url: str, token: str | None, stack: dict | None, wait: float
    ) -> None:
        self._url = url
        self._stack = stack
        self._wait = wait
        self._http = requests.Session()
        if token:
            self._http.headers["Authorization"] = f"Bearer {token}"
        self._store = open_store(stack["ledger"], "local") if stack else None
        self.run = Run()

    def sample(self, event: str) -> dict:
        """The body for one event of this run."""
        if self._stack:
            self.run.ids.update(local_stack.ids(self._stack, self.run))
        uid = f"demo-{self.run.name}-{event.removeprefix('be-observer.')}"
        return {"data": {"uid": uid, "event": event, "value": self.run.value(event)}}

    def post(self, body: Any) -> dict[str, Any]:
        """Post *body*; returns what ``--json`` prints."""
        data = body.get("data") if isinstance(body, dict) else None
        data = data if isinstance(data, dict) else {}
        told = {"uid": str(data.get("uid", "")), "event": str(data.get("event", ""))}
        before = set(self._entries(told["uid"]))
        began = time.monotonic()
        try:
            answer = self._http.post(self._url, json=body, timeout=POST_SECONDS)
        except NO_URL as error:
            raise click.UsageError(f"--url must be an http(s) URL: {error}") from None
        except requests.RequestException as error:
            sys.stderr.write(f"{self._url} does not answer: {type(error).__name__}\n")
            sys.exit(3)
        told["posted"] = answer.status_code
        told["answer"] = _parsed(answer)
        if answer.status_code != 200:
            return told | {"outcome": "rejected"}
        if not _ingests(told["answer"]):
            sys.stderr.write(f"{self._url} says 200, but is not the ingest function\n")
            sys.exit(3)
        if not self._store:
            return told | {"outcome": "accepted"}
        return told | self._followed(told["uid"], before) | {"ms": _ms(began)}

    def _followed(self, uid: str, before: set[str]) -> dict[str, Any]:
        """What became of *uid*, as the ledger has it, within the time to wait.

        Args:
            before: messages that carried it before: a file may be posted again.
        """
        end = time.monotonic() + self._wait
        last: dict[str, Any] = {"outcome": "waiting"}
        while time.monotonic() < end:
            for message, entry in self._entries(uid).items():
                if message in before or entry["status"] is None:
                    continue
                told = {"status": entry["status"], "message": entry["answer"]}
                if "message" in entry:
                    word = "handled" if entry["status"] < 300 else "rejected"
                    return {"outcome": word, **told}
                last = {"outcome": "retrying", **told}
            time.sleep(LOOK_SECONDS)
        return last

    def _entries(self, uid: str) -> dict[str, dict]:
        """What the ledger has of each message that carried *uid*."""
        if not self._store:
            return {}
        records = [record for _, record in self._store.find("uid", uid_hash(uid))]
        return {
            message: entry
            for record in records
            for message, entry in (
                *record["open"].items(),
                *((finished["message"], finished) for finished in record["finished"]),
            )
        }


def _own_token() -> str:
    """The token that the local stack asks for, where it is set here as well."""
    first = environment(os.environ).get("INGEST_TOKENS", "").partition(",")[0]
    return first.rpartition(":")[2].strip()


def _ask_for_yes(names: list[str]) -> None:
    """Refuse to change what a real store holds, unless told to."""
    touched = [f"{name} ({what})" for name in names if (what := touches(name))]
    if touched:
        raise click.UsageError(
            "a real store may be there, and these samples would change what it holds: "
            + ", ".join(name.removeprefix("be-observer.") for name in touched)
            + ". Post your own with --file (FILE=…), or add --yes (ARGS=--yes)"
        )


def _bodies(names: list[str], file: Path | None, sender: Sender):
    if file is not None:
        try:
            return [json.loads(file.read_text())]
        except ValueError as error:
            raise click.UsageError(f"{file} is not JSON: {error}") from None
    # Made one after the other: a later one needs the id that an earlier one was given.
    return (sender.sample(name) for name in names)


def _words(told: dict) -> str:
    trace = f"make trace UID={shlex.quote(told['uid'])}"
    head = f"{told['event'] or '(no event)'}  uid {told['uid'] or '-'}"
    answer = told["answer"]
    if told["posted"] == 200:
        lines = [f"  posted    200  {answer['response']['message']}"]
    else:
        lines = [f"  refused   {told['posted']}  {answer.get('error', answer)}"]
        if told["posted"] == 401:
            lines.append("            say who you are: --token, or make send TOKEN=…")
            lines.append("            (a signature or an ID token: see docs/ingest.md)")
        errors = answer.get("errors")
        for path, texts in errors.items() if isinstance(errors, dict) else ():
            lines.append(f"            {path}: {' '.join(map(str, texts))}")
    if "status" in told:
        ms = f"  ({told['ms']:g} ms)" if "ms" in told else ""
        word = told["outcome"].ljust(9)
        lines.append(f"  {word} {told['status']}  {told['message']}{ms}")
        if told["outcome"] == "retrying":
            lines.append(f"            it is tried again by itself: {trace} tells more")
    elif told["outcome"] == "waiting":
        lines.append(
            f"  waiting   not handled yet: see the terminal of make run, or {trace}"
        )
    elif told["outcome"] == "accepted":
        lines.append(f"  accepted  {trace} tells what becomes of it")
    return "".join(f"{plain(line)}\n" for line in (head, *lines))


def _parsed(answer: requests.Response) -> dict:
    try:
        parsed = answer.json()
    except ValueError:
        parsed = None
    return parsed if isinstance(parsed, dict) else {"error": answer.text[:200]}


def _ingests(answer: dict) -> bool:
    """Whether *answer* is what ingest says when it has taken an event."""
    response = answer.get("response")
    return isinstance(response, dict) and isinstance(response.get("message"), str)


def _ms(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
