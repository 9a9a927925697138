"""Reads the log lines about an event from Cloud Logging, through ``gcloud``."""

import json
import shlex
import shutil
import subprocess
from typing import Any

from cli.trace import Step
from cli.where import Unreachable, Where
from functions.timestamps import normalize_timestamp

LOGS_KEPT = "30d"  # Cloud Logging's own default
LOGS_SECONDS = 120


def logs_command(where: Where, uid: str) -> list[str]:
    """The command that reads every line about *uid* from Cloud Logging."""
    quoted = json.dumps(uid, ensure_ascii=False)
    wanted = f'resource.type="cloud_run_revision" AND jsonPayload.uid={quoted}'
    return [
        *("gcloud", "logging", "read", wanted),
        *("--project", where.project, "--order", "asc"),
        *("--freshness", LOGS_KEPT, "--format", "json"),
    ]


def shown(command: list[str]) -> str:
    """*command* as a person types it."""
    return shlex.join(command)


def logs(command: list[str]) -> list[Step]:
    """What Cloud Logging has, by :func:`logs_command`.

    Raises:
        Unreachable: ``gcloud`` is not installed, not signed in, or fails.
    """
    if not (gcloud := shutil.which(command[0])):
        raise Unreachable("gcloud is not installed, and --logs reads through it")
    try:
        done = subprocess.run(  # noqa: S603 a list, no shell; the uid is quoted in it
            [gcloud, *command[1:]],
            capture_output=True,
            text=True,
            check=True,
            timeout=LOGS_SECONDS,
        )
        entries = json.loads(done.stdout or "[]")
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().splitlines()
        raise Unreachable(f"gcloud failed: {said[-1] if said else 'no word'}") from None
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise Unreachable(f"gcloud failed: {type(error).__name__}") from None
    return [step for entry in entries if (step := _logged(entry))]


def _logged(entry: dict[str, Any]) -> Step | None:
    said = dict(entry.get("jsonPayload") or {})
    at = normalize_timestamp(entry.get("timestamp", ""))
    stage = said.pop("stage", None)
    return Step(at, stage, "logs", said) if at and stage else None
