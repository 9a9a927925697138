"""Receives webhooks, verifies their signatures, and keeps the newest."""

import asyncio
import json
import secrets
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from functions.standard_webhooks import is_signed, mismatch
from local.commerce.faults import Fault, Faults
from local.own_requests import is_own
from local.web import Connections, WebServer

PATH = "/webhooks"
MAX_WEBHOOKS = 500
MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_ID_LENGTH = 256


@dataclass(frozen=True)
class Webhook:
    """One request.

    Attributes:
        at: seconds since 1970.
        webhook_id: the event's id, the same for every attempt.
        type: the event's.
        document: the CloudEvent; None where the body is no JSON object.
        status: of the response; None where the connection was dropped.
        outcome: ``accepted``, ``duplicate`` (accepted before), ``rejected`` (its
            signature), or ``failed`` (by a simulated fault).
        detail: why it was rejected.
    """

    at: float
    webhook_id: str
    type: str
    document: dict[str, Any] | None
    status: int | None
    outcome: str
    detail: str = ""

    @property
    def uid(self) -> str:
        """The event's id, which a header cannot always carry."""
        return str((self.document or {}).get("id") or self.webhook_id)


class BackOffice:
    """A webhook on this machine.

    Args:
        observe: called with each webhook; must not block.
        clock: seconds since 1970.
        max_webhooks: how many are kept.

    Attributes:
        secret: that webhooks must be signed with.
        faults: simulated faults, as of the Commerce stand-in.
        webhooks: the newest last.
    """

    def __init__(
        self,
        secret: str | None = None,
        observe: Callable[[Webhook], None] = lambda webhook: None,
        clock: Callable[[], float] = time.time,
        max_webhooks: int = MAX_WEBHOOKS,
    ) -> None:
        self.secret = secret or new_secret()
        self.faults = Faults()
        self.webhooks: deque[Webhook] = deque(maxlen=max_webhooks)
        self._observe = observe
        self._clock = clock
        self._connections = Connections()
        self._server = WebServer(
            Starlette(
                routes=[
                    Route(PATH, self._receive, methods=["POST"]),
                    Route("/_control/webhooks", self._list, methods=["GET", "DELETE"]),
                    Route(
                        "/_control/faults",
                        self._change_faults,
                        methods=["GET", "POST", "DELETE"],
                    ),
                ]
            ),
            http=self._connections.protocol,
        )

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen and return ``host:port``.

        Raises:
            CannotListen: the port is in use or forbidden.
        """
        return await self._server.start(host, port)

    async def stop(self) -> None:
        """Stop listening."""
        await self._server.stop()

    def environment(self, address: str) -> dict[str, str]:
        """The environment variables of a consumer that delivers to this.

        Args:
            address: ``http://host:port``.
        """
        return {"TARGET_URL": f"{address}{PATH}", "TARGET_SECRETS": self.secret}

    async def _receive(self, request: Request) -> Response:
        content = await request.body()
        fault = self.faults.take(request.method, request.url.path)
        if fault and fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        if len(content) > MAX_BODY_BYTES:
            return JSONResponse({"error": "The body is too long"}, 413)
        if not is_signed(self.secret, request.headers, content):
            detail = mismatch(request.headers, "the back office", "TARGET_SECRETS")
            self._keep(request, content, 401, "rejected", detail)
            return JSONResponse({"error": f"Unauthorized: {detail}"}, 401)
        return self._answer(request, content, fault)

    def _answer(
        self, request: Request, content: bytes, fault: Fault | None
    ) -> Response:
        if fault is not None and not fault.takes_effect:
            self._keep(request, content, fault.status, "failed")
        else:
            webhook_id = request.headers["webhook-id"]
            known = any(
                each.webhook_id == webhook_id and each.outcome == "accepted"
                for each in self.webhooks
            )
            status = 200 if fault is None else fault.status or 200
            status = None if fault is not None and fault.drop else status
            outcome = "duplicate" if known else "accepted"
            self._keep(request, content, status, outcome)
        if fault is not None and fault.drop:
            self._connections.drop(request.scope)
        if fault is not None and fault.status is not None:
            code, headers, body = fault.response()
            return Response(body, code, headers)
        return JSONResponse({"received": True})

    def _keep(
        self,
        request: Request,
        content: bytes,
        status: int | None,
        outcome: str,
        detail: str = "",
    ) -> None:
        try:
            document = json.loads(content)
        except (ValueError, RecursionError):
            document = None
        document = document if isinstance(document, dict) else None
        webhook_id = request.headers.get("webhook-id", "")[:MAX_ID_LENGTH]
        event_type = str((document or {}).get("type", ""))[:MAX_ID_LENGTH]
        webhook = Webhook(
            self._clock(), webhook_id, event_type, document, status, outcome, detail
        )
        self.webhooks.append(webhook)
        self._observe(webhook)

    async def _list(self, request: Request) -> Response:
        """Every webhook that is kept, oldest first; or forget them."""
        if not is_own(request.headers):
            return JSONResponse({"error": "Request from another site"}, 403)
        if request.method == "DELETE":
            self.webhooks.clear()
        return JSONResponse({"webhooks": [asdict(each) for each in self.webhooks]})

    async def _change_faults(self, request: Request) -> Response:
        """List, add or remove faults."""
        if not is_own(request.headers):
            return JSONResponse({"error": "Request from another site"}, 403)
        if request.method == "DELETE":
            self.faults.remove()
        elif request.method == "POST":
            try:
                self.faults.add(**json.loads(await request.body()))
            except (TypeError, ValueError) as error:
                return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"faults": self.faults.as_dicts()})


def new_secret() -> str:
    """A secret of Standard Webhooks."""
    return f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"
