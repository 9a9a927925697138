"""``check-commerce`` against a scripted store, or a stand-in."""

import contextlib
import io
import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import requests

from cli.commands.check_commerce import run
from tests.support.commerce_adapter import (
    PAAS,
    RecordedRequest,
    RecordingAdapter,
    Reply,
    reply,
)
from tests.support.running_stand_in import RunningStandIn

READS = [
    "read store configuration",
    "read products",
    "read customers",
    "read customer groups",
    "read orders",
    "read shipments",
    "read inventory sources' stock",
]
FORBIDDEN = "The consumer isn't authorized to access %resources."

Findings = dict[str, dict[str, Any]]


def store(
    request: RecordedRequest,
    *,
    ahead_seconds: float = 0,
    rejects: Collection[str] | None = (),
    status: int = 401,
    error: dict[str, Any] | None = None,
) -> Reply:
    """A store that allows everything but *rejects*; None rejects everything."""
    time = datetime.now(UTC) + timedelta(seconds=ahead_seconds)
    headers = {"Date": format_datetime(time, usegmt=True)}
    if request.url.endswith("/magento_version"):
        return reply(200, b"Magento/2.4 (Community)", **headers)
    if request.url.endswith("/token/v3"):
        return reply(200, {"access_token": "t", "expires_in": 86400})
    if rejects is None or request.path in rejects:
        forbidden = {
            "message": FORBIDDEN,
            "parameters": {"resources": f"Magento_{request.path}"},
        }
        return reply(status, error or forbidden, **headers)
    if request.path == "store/storeConfigs":
        return reply(200, [{"code": "de"}, {"code": "default"}], **headers)
    return reply(200, {"total_count": 7}, **headers)


def check(
    script: Reply,
    base: dict[str, str] = PAAS,
    writes: bool = False,
    **variables: str,
) -> tuple[int, Findings, list[RecordedRequest]]:
    """Exit status, findings by name, and the requests."""
    adapter = RecordingAdapter(script)
    session = requests.Session()
    session.mount("https://", adapter)
    status, lines = check_lines({**base, **variables}, session, writes=writes)
    return status, by_name(lines), adapter.requests


def check_stand_in(
    stand_in: RunningStandIn,
    options: dict[str, Any],
    writes: bool = False,
    **variables: str,
) -> tuple[int, Findings]:
    """Exit status and findings of a stand-in that was reset.

    Args:
        options: of ``StandIn.environment``.
        variables: in place of the stand-in's own.
    """
    stand_in.reset()
    with requests.Session() as session:
        session.trust_env = False
        environment = {**stand_in.environment(**options), **variables}
        status, lines = check_lines(environment, session, writes=writes)
    return status, by_name(lines)


def check_lines(
    variables: dict[str, str],
    session: requests.Session | None = None,
    *,
    as_json: bool = True,
    writes: bool = False,
) -> tuple[int, list[str]]:
    """Exit status and the lines that are printed."""
    stdout = io.StringIO()
    with contextlib.redirect_stdout(stdout):
        status = run(variables, as_json, session, writes)
    return status, stdout.getvalue().splitlines()


def by_name(lines: list[str]) -> Findings:
    """The findings of JSON *lines*, by the name of the check."""
    findings = [json.loads(line) for line in lines]
    return {finding["check"]: finding for finding in findings}
