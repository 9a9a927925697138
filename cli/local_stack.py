"""Finds the running local stack, and asks its stand-in for Commerce."""

import json
import os
import sys
from typing import Any, NoReturn

import requests

from cli.environment import ROOT, environment
from cli.where import OperatorSettings
from functions.settings import from_environment

SECONDS = 10


def find() -> dict[str, Any]:
    """What ``stack.json`` holds; ends the command with 3 when no stack runs."""
    settings = from_environment(OperatorSettings, environment(os.environ))
    path = ROOT / settings.state / "stack.json"
    try:
        stack = json.loads(path.read_text())
        os.kill(stack["pid"], 0)
    except (OSError, ValueError, KeyError):
        _gone("No local stack is running: start it with make run")
    return stack


def ids(stack: dict[str, Any], run: Any) -> dict[str, Any]:
    """The ids that the stand-in gave to what *run* made, and an order to work on.

    Nothing where a real store is driven: then the samples' own ids are sent.
    """
    try:
        answer = requests.get(
            f"{stack['commerce']}/_control/sample-ids",
            params={"email": run.email, "group": run.group, **run.ids},
            timeout=SECONDS,
        )
        found = answer.json() if answer.status_code == 200 else {}
    except (requests.RequestException, ValueError):
        return {}
    return {name: value for name, value in found.items() if value is not None}


def _gone(text: str) -> NoReturn:
    sys.stderr.write(text + "\n")
    sys.exit(3)
