"""Reads the log entries about an event from Cloud Logging, through ``gcloud``."""

import json
import shlex
import shutil
import subprocess
from typing import Any

from cli.deployment import Deployment, Unreachable
from cli.log_steps import LogEntry
from functions.timestamps import normalize_timestamp

FRESHNESS = "30d"  # how long Cloud Logging keeps entries by default
TIMEOUT_SECONDS = 120


def logs_command(deployment: Deployment, uid: str) -> list[str]:
    """The command that reads every entry about *uid*."""
    quoted = json.dumps(uid, ensure_ascii=False)
    query = f'resource.type="cloud_run_revision" AND jsonPayload.uid={quoted}'
    return [
        *("gcloud", "logging", "read", query),
        *("--project", deployment.project, "--order", "asc"),
        *("--freshness", FRESHNESS, "--format", "json"),
    ]


def results_command(deployment: Deployment, hours: int) -> list[str]:
    """The command that reads the results at ingest and consumers of the last hours."""
    query = (
        'resource.type="cloud_run_revision"'
        ' AND jsonPayload.stage=("published" OR "outcome")'
    )
    return [
        *("gcloud", "logging", "read", query),
        *("--project", deployment.project, "--order", "asc"),
        *("--freshness", f"{hours}h", "--format", "json"),
    ]


def shell_command(command: list[str]) -> str:
    """*command* as one types it into a shell."""
    return shlex.join(command)


def read_logs(command: list[str]) -> list[LogEntry]:
    """The entries that :func:`logs_command` reads.

    Raises:
        Unreachable: ``gcloud`` is not installed, not authenticated, or fails.
    """
    gcloud = shutil.which(command[0])
    if gcloud is None:
        raise Unreachable("gcloud is not installed: install it, or omit --logs")
    try:
        process = subprocess.run(  # noqa: S603 a list, no shell; the uid is quoted in it
            [gcloud, *command[1:]],
            capture_output=True,
            text=True,
            check=True,
            timeout=TIMEOUT_SECONDS,
        )
        rows = json.loads(process.stdout or "[]")
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines()
        message = lines[-1] if lines else f"exit status {error.returncode}"
        raise Unreachable(f"gcloud failed: {message}") from None
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise Unreachable(f"gcloud failed: {type(error).__name__}") from None
    return [entry for row in rows if (entry := _entry(row))]


def _entry(row: dict[str, Any]) -> LogEntry | None:
    payload = row.get("jsonPayload") or {}
    at = normalize_timestamp(row.get("timestamp", ""))
    stage = payload.get("stage")
    return LogEntry(at, stage, payload) if at and stage else None
