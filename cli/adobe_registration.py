"""Adobe's side of ``connect-commerce``: provider, event metadata and registration.

The management API is described at https://developer.adobe.com/events/docs/api/.
"""

import base64
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import requests

from cli.connection_steps import ConnectionStep, Source, sources
from cli.deployment import Unreachable
from cli.workspace_file import Workspace

TOKEN_URL = "https://ims-na1.adobelogin.com/ims/token/v3"  # noqa: S105 an address
API = "https://api.adobe.io/events"
PROVIDER_KIND = "dx_commerce_events"
PROVIDER_LABEL = "commerce_events"
REGISTRATION = "Commerce events to Google Cloud"
TIMEOUT_SECONDS = 30
MAX_MESSAGE_LENGTH = 300


class RequestRejected(Exception):
    """Adobe rejected a request; the text is its status and message, bounded."""


class AdobeRegistration:
    """The management API of Adobe I/O Events, for one workspace.

    Args:
        dry_run: change nothing.
        session: sends the requests; by default one of its own.
    """

    def __init__(
        self,
        workspace: Workspace,
        dry_run: bool,
        session: requests.Session | None = None,
    ) -> None:
        self._workspace = workspace
        self._dry_run = dry_run
        self._session = session or requests.Session()
        self._token = ""
        self.provider = ""  # its id, once it is known

    def connect(self, instance: str, webhook: str) -> Iterator[ConnectionStep]:
        """Create what is missing: provider, metadata of each event, registration.

        Args:
            instance: id that the provider has for this store.
            webhook: URL of the function commerce_events.

        Raises:
            Unreachable: IMS or the API does not answer.
        """
        step = self._attempt("provider", partial(self._provide, instance))
        yield step
        if step.state == "failed":
            return
        yield from self._describe()
        yield self._attempt("registration", partial(self._register, webhook))

    def _provide(self, instance: str) -> ConnectionStep:
        organization = self._workspace.organization
        listed = self._call(
            "GET",
            f"{organization}/providers",
            params={"providerMetadataId": PROVIDER_KIND, "instanceId": instance},
            absent={},
        )
        providers = listed.get("_embedded", {}).get("providers", [])
        if providers:
            self.provider = providers[0]["id"]
            return ConnectionStep("provider", "kept", self.provider)
        body = {
            "label": PROVIDER_LABEL,
            "description": "Events of Adobe Commerce",
            "provider_metadata": PROVIDER_KIND,
            "instance_id": instance,
        }
        if self._dry_run:
            return ConnectionStep("provider", "planned", f"instance {instance}")
        created = self._call("POST", f"{self._workspace.path}/providers", body)
        self.provider = created["id"]
        return ConnectionStep("provider", "done", self.provider)

    def _describe(self) -> Iterator[ConnectionStep]:
        known: set[str] = set()
        if self.provider:
            path = f"providers/{self.provider}/eventmetadata"
            listed = self._call("GET", path, absent={})
            rows = listed.get("_embedded", {}).get("eventmetadata", [])
            known = {row["event_code"] for row in rows}
        for source in sources():
            what = f"metadata {source.name}"
            if source.code in known:
                yield ConnectionStep(what, "kept", source.code)
            elif self._dry_run:
                yield ConnectionStep(what, "planned", source.code)
            else:
                yield self._attempt(what, partial(self._add, what, source))

    def _add(self, what: str, source: Source) -> ConnectionStep:
        sample = json.dumps(source.sample, ensure_ascii=False).encode()
        body = {
            "event_code": source.code,
            "label": source.name,
            "description": source.name.replace("_", " "),
            "sample_event_template": base64.b64encode(sample).decode(),
        }
        path = f"{self._workspace.path}/providers/{self.provider}/eventmetadata"
        self._call("POST", path, body)
        return ConnectionStep(what, "done", source.code)

    def _register(self, webhook: str) -> ConnectionStep:
        path = f"{self._workspace.path}/registrations"
        listed = self._call("GET", path, absent={})
        wanted = {source.code for source in sources()}
        for one in listed.get("_embedded", {}).get("registrations", []):
            url = one.get("webhook_url") or ""
            if REGISTRATION == one.get("name") or url.rstrip("/") == webhook.rstrip(
                "/"
            ):
                return self._compare(one, webhook, wanted)
        if self._dry_run:
            return ConnectionStep("registration", "planned", webhook)
        body = {
            "client_id": self._workspace.client_id,
            "name": REGISTRATION,
            "description": "Delivers to the function commerce_events",
            "webhook_url": webhook,
            "delivery_type": "webhook",
            "events_of_interest": [
                {"provider_id": self.provider, "event_code": code}
                for code in sorted(wanted)
            ],
        }
        created = self._call("POST", path, body)
        return ConnectionStep("registration", "done", str(created["registration_id"]))

    def _compare(
        self, registration: dict[str, Any], webhook: str, wanted: set[str]
    ) -> ConnectionStep:
        texts = []
        url = registration.get("webhook_url") or "none"
        if url.rstrip("/") != webhook.rstrip("/"):
            texts.append(f"its address is {url}")
        kind = registration.get("delivery_type", "")
        if kind.casefold() not in ("webhook", "webhook_batch"):
            texts.append(f"its delivery type is {kind}")
        codes = {
            one["event_code"] for one in registration.get("events_of_interest", [])
        }
        if missing := sorted(wanted - codes):
            texts.append(f"it lacks {', '.join(missing)}")
        status = registration.get("webhook_status", "")
        if registration.get("enabled") is False or status in ("disabled", "unstable"):
            texts.append(f"it is {status or 'disabled'}: enable it in the console")
        if registration.get("client_id") not in (None, self._workspace.client_id):
            texts.append("it belongs to another client, whose events are not accepted")
        if texts:
            return ConnectionStep("registration", "differs", "; ".join(texts))
        identity = str(registration.get("registration_id"))
        return ConnectionStep("registration", "kept", identity)

    def _attempt(self, what: str, step: Callable[[], ConnectionStep]) -> ConnectionStep:
        try:
            return step()
        except RequestRejected as error:
            return ConnectionStep(what, "failed", str(error))

    def _call(
        self,
        method: str,
        path: str,
        body: Any = None,
        params: dict[str, str] | None = None,
        absent: Any = None,
    ) -> Any:
        """Send a request to the API and return its JSON.

        Args:
            absent: what stands for a 404, which some lists are when they are empty.

        Raises:
            RequestRejected: it was answered another status.
            Unreachable: it was not answered.
        """
        self._token = self._token or self._sign_in()
        response = self._send(
            method,
            f"{API}/{path}",
            json=body,
            params=params,
            headers={
                "Accept": "application/hal+json",
                "Authorization": f"Bearer {self._token}",
                "x-api-key": self._workspace.client_id,
                "x-ims-org-id": self._workspace.ims_organization,
            },
        )
        if response.status_code == 404 and absent is not None:
            return absent
        if response.status_code not in (200, 201):
            raise RequestRejected(
                f"{method} {path.split('/')[-1]}: {_message(response)}"
            )
        return response.json()

    def _sign_in(self) -> str:
        response = self._send(
            "POST",
            TOKEN_URL,
            data={
                "grant_type": "client_credentials",
                "client_id": self._workspace.client_id,
                "client_secret": self._workspace.client_secret,
                "scope": ",".join(self._workspace.scopes),
            },
        )
        if response.status_code != 200:
            raise RequestRejected(f"Adobe IMS: {_message(response)}")
        return str(response.json()["access_token"])

    def _send(self, method: str, url: str, **options: Any) -> requests.Response:
        try:
            return self._session.request(
                method, url, timeout=TIMEOUT_SECONDS, allow_redirects=False, **options
            )
        except requests.RequestException as error:
            host = url.split("/")[2]
            kind = type(error).__name__
            raise Unreachable(f"{host} does not answer: {kind}") from None


def _message(response: requests.Response) -> str:
    try:
        document = response.json()
    except ValueError:
        document = {}
    text = document.get("message") or document.get("error_description") or ""
    return f"{response.status_code} {str(text)[:MAX_MESSAGE_LENGTH]}".rstrip()
