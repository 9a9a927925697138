"""Which deployment a command is about: the running local stack, or one in the cloud."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from cli.environment import ROOT
from functions.events.catalog import ENTITIES
from functions.ledger.ledger import Ledger
from functions.ledger.settings import LedgerSettings
from functions.ledger.stores import check, open_ledger
from functions.pubsub.endpoint import Endpoint, endpoint, topic_path
from functions.pubsub.settings import PubSubSettings
from functions.settings import from_environment, setting, text

DEAD_LETTERS = "dead-letters"
NO_STACK = "No local stack is running: start it with make run"


class Unreachable(Exception):
    """The stack or the cloud does not answer, or denies access; for operators."""


class StackFile(TypedDict):
    """The content of a local stack's ``stack.json``; addresses are URLs."""

    ingest: str
    console: str | None
    consumer: str
    commerce_events: str | None  # the receiver of Commerce's own events
    back_office: str | None  # the stand-in for the third party that gets them
    broker: str  # host:port
    commerce: str
    real_store: bool  # COMMERCE_BASE_URL is a store, not the stand-in
    project: str
    ledger: str
    pid: int


@dataclass(frozen=True)
class OperatorSettings(LedgerSettings, PubSubSettings):
    """Settings of the operator's commands."""

    project: str = setting(
        "GOOGLE_CLOUD_PROJECT", text, "The Google Cloud project's id.", ""
    )
    ledger: str = setting(
        "LEDGER",
        check,
        "The consumers' ledger: sqlite:PATH or firestore[:DATABASE].",
        "memory",
    )
    state: str = setting(
        "LOCAL_STATE",
        text,
        "Folder in which the local stack keeps its state.",
        ".local",
    )


@dataclass(frozen=True)
class Deployment:
    """One deployment.

    Attributes:
        project: Google Cloud project id.
        prefix: of topics and subscriptions.
        pubsub: Pub/Sub's endpoint.
        ledger: None where commands cannot read it.
        stack: of a local stack, the content of its ``stack.json``.
        state: of a local stack, the SQLite file of broker and journal.
    """

    project: str
    prefix: str
    pubsub: Endpoint
    ledger: Ledger | None = None
    stack: StackFile | None = None
    state: Path | None = None

    @property
    def name(self) -> str:
        """Its name in the output of commands."""
        return "the local stack" if self.state else f"project {self.project}"

    @property
    def dead_letter_subscription(self) -> str:
        """Full name of the dead-letter topic's subscription."""
        return self.subscription(DEAD_LETTERS)

    @property
    def dead_letter_topic(self) -> str:
        """Full name of the dead-letter topic."""
        return self.topic(DEAD_LETTERS)

    def subscription(self, entity: str) -> str:
        """Full name of an entity's subscription."""
        return f"projects/{self.project}/subscriptions/{self.prefix}{entity}"

    def topic(self, entity: str) -> str:
        """Full name of an entity's topic."""
        return topic_path(self.project, self.prefix + entity)

    def entity_of(self, subscription: str) -> str:
        """The entity of a subscription, given by full or short name; "" for none."""
        entity = subscription.rpartition("/")[2].removeprefix(self.prefix)
        return entity if entity in ENTITIES else ""


def find_deployment(
    project: str | None,
    prefix: str | None,
    ledger: str | None,
    environment: Mapping[str, str],
    root: Path = ROOT,
) -> Deployment:
    """The deployment that options and *environment* name.

    It is the running local stack, unless *project* is given or none runs.

    Raises:
        Unreachable: no deployment is named, or the local stack has ended.
        SettingsError: a variable is invalid.
        ValueError: *ledger* is invalid.
    """
    settings = from_environment(OperatorSettings, environment)
    folder = root / settings.state
    stack = None if project else read_stack_file(folder)
    prefix = settings.topic_prefix if prefix is None else prefix
    if stack is not None:
        name = check(ledger) if ledger else stack["ledger"]
        return Deployment(
            project=stack["project"],
            prefix=prefix,
            pubsub=Endpoint(stack["broker"], True),
            ledger=_open_ledger(name, stack["project"]),
            stack=stack,
            state=folder / "state.sqlite",
        )
    project = project or settings.project
    if not project:
        raise Unreachable(
            f"{NO_STACK}, or name a deployment with --project or GOOGLE_CLOUD_PROJECT"
        )
    return Deployment(
        project=project,
        prefix=prefix,
        pubsub=endpoint(settings.pubsub_emulator, settings.pubsub_endpoint),
        ledger=_open_ledger(
            check(ledger) if ledger else settings.ledger, project, settings.ledger_key
        ),
    )


def read_stack_file(folder: Path) -> StackFile | None:
    """The ``stack.json`` of the stack that runs in *folder*; None without the file.

    Raises:
        Unreachable: the file is invalid, or the stack has ended without removing it.
    """
    try:
        stack: StackFile = json.loads((folder / "stack.json").read_text())
        pid = int(stack["pid"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        raise Unreachable(
            f"{folder / 'stack.json'} is invalid: restart the stack with make run"
        ) from None
    try:
        os.kill(pid, 0)
    except PermissionError:
        pass  # it runs as another user
    except OSError:
        raise Unreachable(
            f"The local stack (process {pid}) has ended: start it again with make run,"
            " or name a deployment with --project"
        ) from None
    return stack


def _open_ledger(name: str, project: str, key: str = "") -> Ledger | None:
    # A store in the memory of another process cannot be read.
    return None if name == "memory" else open_ledger(name, project, key)
