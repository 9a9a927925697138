"""The running local stack and its Commerce stand-in, as ``send`` uses them."""

import os
from collections.abc import Mapping
from typing import Any

import requests

from cli.deployment import (
    NO_STACK,
    OperatorSettings,
    StackFile,
    Unreachable,
    read_stack_file,
)
from cli.environment import ROOT, environment
from cli.sample_events import SampleRun
from functions.settings import from_environment

TIMEOUT_SECONDS = 10
REPORT_SECONDS = 15  # the receiver has ten


def running_stack() -> StackFile:
    """The ``stack.json`` of the running stack.

    Raises:
        Unreachable: no stack runs.
        SettingsError: a variable is invalid.
    """
    settings = from_environment(OperatorSettings, environment(os.environ))
    stack = read_stack_file(ROOT / settings.state)
    if stack is None:
        raise Unreachable(NO_STACK)
    return stack


def stand_in_settings(variables: Mapping[str, str]) -> dict[str, str]:
    """The settings of a client of the running stack's Commerce stand-in.

    Empty where no stack runs, or it calls a real store.

    Raises:
        SettingsError: a variable is invalid.
        Unreachable: the stand-in does not answer.
    """
    settings = from_environment(OperatorSettings, variables)
    stack = read_stack_file(ROOT / settings.state)
    if stack is None or stack["real_store"]:
        return {}
    try:
        response = requests.get(
            f"{stack['commerce']}/_control/environment", timeout=TIMEOUT_SECONDS
        )
        response.raise_for_status()
        client: dict[str, str] = response.json()
    except (requests.RequestException, ValueError) as error:
        kind = type(error).__name__
        raise Unreachable(f"The Commerce stand-in does not answer: {kind}") from error
    return client


def stand_in_ids(stack: StackFile, run: SampleRun) -> dict[str, Any]:
    """The stand-in's ids of what *run* created, and of an order to work on.

    Empty with a real store, where samples keep their own ids.
    """
    try:
        response = requests.get(
            f"{stack['commerce']}/_control/sample-ids",
            params={"email": run.email, "group": run.group, **run.ids},
            timeout=TIMEOUT_SECONDS,
        )
        ids = response.json() if response.status_code == 200 else {}
    except (requests.RequestException, ValueError):
        return {}
    return {name: value for name, value in ids.items() if value is not None}


def report_event(stack: StackFile, name: str, value: Any) -> dict[str, Any]:
    """Have the stand-in deliver the event *name* of Commerce, once.

    Returns:
        ``event_id``; ``status`` (None without a response) and ``answer`` (text) of the
        receiver.

    Raises:
        Unreachable: the stand-in does not deliver it.
    """
    try:
        response = requests.post(
            f"{stack['commerce']}/_control/events",
            json={"name": name, "value": value},
            timeout=REPORT_SECONDS,
        )
        sent: dict[str, Any] = response.json()
    except (requests.RequestException, ValueError) as error:
        kind = type(error).__name__
        raise Unreachable(f"The Commerce stand-in does not answer: {kind}") from error
    if response.status_code != 200:
        raise Unreachable(f"The Commerce stand-in answers: {sent.get('error')}")
    return sent
