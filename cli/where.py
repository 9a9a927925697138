"""Which deployment a command is about: the running local stack, or one in the cloud."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.environment import ROOT
from functions.events.catalog import ENTITIES
from functions.ledger.store import Store
from functions.ledger.stores import check, open_store
from functions.pubsub.endpoint import Endpoint, endpoint, topic_path
from functions.pubsub.settings import PubSubSettings
from functions.settings import from_environment, setting, text

DEAD_LETTERS = "dead-letters"


class Unreachable(Exception):
    """Stack or cloud cannot be reached, or does not let us; a sentence for people."""


@dataclass(frozen=True)
class OperatorSettings(PubSubSettings):
    """What the operator's commands read from the environment."""

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
        "Folder that the local stack keeps all in.",
        ".local",
    )


@dataclass(frozen=True)
class Where:
    """One deployment.

    Attributes:
        project: Google Cloud project id.
        prefix: of topics and subscriptions.
        pubsub: where Pub/Sub is.
        store: the ledger's records; None where it is not known to us.
        stack: of a local stack, what its ``stack.json`` holds.
        state: of a local stack, the file of broker and journal.
    """

    project: str
    prefix: str
    pubsub: Endpoint
    store: Store | None = None
    stack: dict[str, Any] = field(default_factory=dict)
    state: Path | None = None

    @property
    def name(self) -> str:
        """What to call it before an operator."""
        return "the local stack" if self.state else f"project {self.project}"

    @property
    def dead_letters(self) -> str:
        """Full name of the subscription that dead letters wait in."""
        return self.subscription(DEAD_LETTERS)

    def subscription(self, entity: str) -> str:
        """Full name of an entity's subscription."""
        return f"projects/{self.project}/subscriptions/{self.prefix}{entity}"

    def topic(self, entity: str) -> str:
        """Full name of an entity's topic."""
        return topic_path(self.project, self.prefix + entity)

    def entity_of(self, subscription: str) -> str:
        """The entity that a subscription, by full or short name, is of; "" for none."""
        entity = subscription.rpartition("/")[2].removeprefix(self.prefix)
        return entity if entity in ENTITIES else ""


def resolve(
    project: str | None,
    prefix: str | None,
    ledger: str | None,
    environment: Mapping[str, str],
    root: Path = ROOT,
) -> Where:
    """The deployment that options and *environment* name.

    A local stack that has left its ``stack.json`` is meant unless *project* is given.

    Raises:
        Unreachable: none is named, or the local stack is gone.
        SettingsError: a variable is wrong.
        ValueError: *ledger* is none.
    """
    settings = from_environment(OperatorSettings, environment)
    folder = root / settings.state
    stack = None if project else _stack(folder)
    prefix = settings.topic_prefix if prefix is None else prefix
    if stack is not None:
        name = check(ledger) if ledger else stack["ledger"]
        return Where(
            project=stack["project"],
            prefix=prefix,
            pubsub=Endpoint(stack["broker"], True),
            store=_store(name, stack["project"]),
            stack=stack,
            state=folder / "state.sqlite",
        )
    project = project or settings.project
    if not project:
        raise Unreachable(
            "No local stack is running: start it with make run, or name a deployment"
            " with --project or GOOGLE_CLOUD_PROJECT"
        )
    return Where(
        project=project,
        prefix=prefix,
        pubsub=endpoint(settings.pubsub_emulator, settings.pubsub_endpoint),
        store=_store(check(ledger) if ledger else settings.ledger, project),
    )


def _store(name: str, project: str) -> Store | None:
    # Another process's memory cannot be read.
    return None if name == "memory" else open_store(name, project)


def _stack(folder: Path) -> dict[str, Any] | None:
    try:
        stack = json.loads((folder / "stack.json").read_text())
        pid = int(stack["pid"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        raise Unreachable(f"{folder / 'stack.json'} cannot be read") from None
    try:
        os.kill(pid, 0)
    except PermissionError:
        pass  # another user's, and alive
    except OSError:
        raise Unreachable(
            f"The local stack (process {pid}) is gone: start it again with make run, or"
            " name a deployment with --project"
        ) from None
    return stack
