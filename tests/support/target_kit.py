"""A third party's webhook without a network: an adapter answers from a script."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import requests

from functions.settings import from_environment
from functions.target.client import TargetConnection
from functions.target.cloud_event import TargetEvent
from functions.target.settings import TargetSettings
from tests.support.commerce_adapter import RecordedRequest, RecordingAdapter, Reply

SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS10YXJnZXQtMDAx"
NEW_SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS10YXJnZXQtMDAy"
TARGET = {
    "TARGET_URL": "https://erp.example.com/hooks?code=7",
    "TARGET_SECRETS": SECRET,
}
OAUTH = {
    "TARGET_OAUTH_TOKEN_URL": "https://login.example.com/token",
    "TARGET_OAUTH_CLIENT_ID": "id:1",
    "TARGET_OAUTH_CLIENT_SECRET": "secret/1",
}
EVENT = TargetEvent(
    id="a1b2-c3",
    type="commerce.order.created",
    source="/commerce/p1",
    time="2026-01-01T00:00:00.000000Z",
    subject="41",
    entity="outbound-order",
)


def target_settings(**more: str) -> TargetSettings:
    """Settings of the target, with *more* environment variables."""
    return from_environment(TargetSettings, {**TARGET, **more})


def target_with(
    script: Reply | Iterable[Any],
    clock: Callable[[], float] | None = None,
    **more: str,
) -> tuple[TargetConnection, RecordingAdapter]:
    """A connection, and the adapter that answers it."""
    adapter = RecordingAdapter(script)
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    extra = {} if clock is None else {"clock": clock}
    return TargetConnection(target_settings(**more), session, **extra), adapter


def cloud_event(request: RecordedRequest) -> dict[str, Any]:
    """The event that a webhook carries."""
    return json.loads(request.body)
