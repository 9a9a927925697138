"""Commerce's side of ``connect-commerce``: configuration and subscriptions, by REST."""

import json
from collections.abc import Iterator
from typing import Any

from cli.connection_steps import ConnectionStep, Source, sources
from cli.deployment import Unreachable
from cli.workspace_file import Workspace
from functions.commerce.client import CommerceSession
from functions.errors import Unavailable
from functions.http_client.responses import NOT_JSON, parse_json

IS_NEW = "_isNew"  # known to newer versions of the module only
ALL = "*"
NO_MODULE = (
    "the store has no Adobe I/O Events for Commerce, or a version before 1.11: install"
    " or update magento/commerce-eventing (Commerce 2.4.6 and later have it)"
)


class RequestRejected(Exception):
    """Commerce rejected a request; the text is its message, bounded."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class CommerceEventing:
    """The eventing API of one store.

    Args:
        dry_run: change nothing.
        provider: id at Adobe I/O Events; "" where it is not known.
    """

    def __init__(
        self, commerce: CommerceSession, dry_run: bool, provider: str = ""
    ) -> None:
        self._commerce = commerce
        self._dry_run = dry_run
        self._provider = provider

    def configure(
        self, workspace: Workspace | None, instance: str, merchant: str, name: str
    ) -> ConnectionStep:
        """Check that the store has a provider; write the configuration if it has none.

        Args:
            instance, merchant, name: id of the provider's instance, of the merchant
                and of the environment, for a store that has no configuration yet.
        """
        what = "eventing configuration"
        try:
            providers = self._providers()
        except RequestRejected as error:
            problem = NO_MODULE if error.status == 404 else str(error)
            return ConnectionStep(what, "failed", problem)
        ids = [str(one.get("provider_id")) for one in providers]
        if ids and self._provider in ("", *ids):
            return ConnectionStep(what, "kept", f"provider {', '.join(ids)}")
        if ids:
            detail = f"it has provider {', '.join(ids)}, and not {self._provider}"
            return ConnectionStep(what, "differs", detail)
        if workspace is None or not self._provider:
            detail = (
                "none: Stores > Configuration > Adobe Services > Adobe I/O Events, or"
                " run this command again with --workspace"
            )
            return ConnectionStep(what, "todo", detail)
        config = {
            "enabled": True,
            "merchant_id": merchant,
            "environment_id": name,
            "provider_id": self._provider,
            "instance_id": instance,
            "workspace_configuration": workspace.text,
        }
        return self._change(
            what,
            f"enabled with provider {self._provider}",
            "PUT",
            "eventing/updateConfiguration",
            {"config": config},
        )

    def _providers(self) -> list[dict[str, Any]]:
        """The store's providers; before version 1.12 the module has another route.

        Raises:
            RequestRejected: Commerce answered another status than 200.
        """
        try:
            providers = self._request("GET", "eventing/eventProvider")
        except RequestRejected as error:
            if error.status != 404:
                raise
            providers = self._request("GET", "eventing/getEventProviders")
        return providers or []

    def subscribe(self) -> Iterator[ConnectionStep]:
        """Subscribe every source of the catalogue; an existing subscription is kept."""
        try:
            rows = self._request("GET", "eventing/getEventSubscriptions") or ()
        except RequestRejected as error:
            problem = NO_MODULE if error.status == 404 else str(error)
            yield ConnectionStep("subscriptions", "failed", problem)
            return
        existing = {_short(row.get("name", "")): row for row in rows}
        for source in sources():
            what = f"subscription {source.name}"
            row = existing.get(source.name)
            if row is None:
                yield self._subscribe(what, source)
            elif differences := _differences(row, source, self._provider):
                yield ConnectionStep(what, "differs", differences)
            else:
                yield ConnectionStep(what, "kept", "already subscribed")

    def _subscribe(self, what: str, source: Source) -> ConnectionStep:
        step = self._subscribe_fields(what, source.name, list(source.fields))
        if step.state == "failed" and IS_NEW in source.fields:
            fields = [name for name in source.fields if name != IS_NEW]
            again = self._subscribe_fields(what, source.name, fields)
            if again.state == "done":
                detail = f"{again.detail}; without {IS_NEW}, which this store rejects"
                return ConnectionStep(what, "done", detail)
        return step

    def _subscribe_fields(
        self, what: str, name: str, fields: list[str]
    ) -> ConnectionStep:
        event: dict[str, Any] = {
            "name": name,
            "fields": [{"name": one} for one in fields],
        }
        if self._provider:
            event["provider_id"] = self._provider
        body = {"event": event, "force": False}
        return self._change(
            what,
            f"fields {', '.join(fields)}",
            "POST",
            "eventing/eventSubscribe",
            body,
        )

    def _change(
        self, what: str, detail: str, method: str, route: str, body: dict[str, Any]
    ) -> ConnectionStep:
        if self._dry_run:
            return ConnectionStep(what, "planned", detail)
        try:
            self._request(method, route, body)
        except RequestRejected as error:
            return ConnectionStep(what, "failed", str(error))
        return ConnectionStep(what, "done", detail)

    def _request(self, method: str, route: str, body: Any = None) -> Any:
        """Send a request and return Commerce's JSON.

        Raises:
            RequestRejected: Commerce answered another status than 200.
            Unreachable: there is no response, or it is not Commerce's.
        """
        content = None if body is None else json.dumps(body).encode()
        try:
            response = self._commerce.request(method, route, None, content)
        except Unavailable as error:
            raise Unreachable(error.message) from error
        document = parse_json(response.content)
        if response.status == 200 and document is not NOT_JSON:
            return document
        message = document.get("message") if isinstance(document, dict) else None
        if message is None:
            raise Unreachable(
                f"{method} {route} was answered {response.status} without Commerce's"
                " JSON: check COMMERCE_BASE_URL"
            )
        raise RequestRejected(
            response.status, f"{response.status}: {str(message)[:300]}"
        )


def _short(name: str) -> str:
    """A subscription's name without the prefixes that Commerce may add."""
    return name[name.find("observer.") :] if "observer." in name else name


def _differences(row: dict[str, Any], source: Source, provider: str) -> str:
    """How a subscription differs from what the routes need; "" where it suffices."""
    fields = {one.get("name") for one in row.get("fields") or ()}
    texts = []
    if ALL not in fields:
        # The dates decide where _isNew is missing.
        missing = [name for name in source.fields if name not in {*fields, IS_NEW}]
        if missing:
            texts.append(f"lacks fields {', '.join(missing)}")
    if row.get("rules"):
        texts.append("has rules, so some events are not sent")
    other = row.get("provider_id")
    if provider and other and other != provider:
        texts.append(f"goes to provider {other}")
    return "; ".join(texts) and f"already subscribed, but {'; '.join(texts)}"
