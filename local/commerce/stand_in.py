"""The stand-in as a whole: a simulated Commerce behind an HTTP server."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from local.commerce.control import Control
from local.commerce.rest import Rest
from local.commerce.simulation import Simulation
from local.web import Connections, WebServer

KEEP_ALIVE_SECONDS = 75


class StandIn(Simulation):
    """A Commerce on this machine; for its arguments see ``Simulation``."""

    _server: WebServer | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen and return ``host:port``.

        Args:
            port: 0 takes a free one.

        Raises:
            CannotListen: the port is in use or forbidden.
        """
        connections = Connections()
        control = Control(self, host, self.environment)
        rest = Rest(self, connections.drop)
        self._server = WebServer(
            Starlette(
                routes=[
                    *control.routes(),
                    Route("/prod/keys/{name}", self._public_key),
                    Mount("/", rest),
                ]
            ),
            http=connections.protocol,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        return await self._server.start(host, port)

    async def stop(self) -> None:
        """Stop listening; the state stays in the database."""
        await self.io_events.stop()
        if self._server is not None:
            await self._server.stop()
            self._server = None

    async def _public_key(self, request: Request) -> Response:
        """A key that deliveries of events are signed with, as Adobe publishes it."""
        pem = self.io_events.public_key(request.url.path)
        return Response(pem, media_type="text/plain") if pem else Response("", 404)

    def environment(
        self, address: str, *, sign_in: str = "oauth1", saas: bool = False
    ) -> dict[str, str]:
        """The environment variables of a consumer of this stand-in.

        Args:
            address: ``http://host:port``.
            sign_in: ``oauth1`` or ``ims``; SaaS has only the latter.
        """
        credentials = self.credentials
        if sign_in == "oauth1" and not saas:
            return {
                "COMMERCE_BASE_URL": f"{address}/rest/",
                "COMMERCE_CONSUMER_KEY": credentials.consumer_key,
                "COMMERCE_CONSUMER_SECRET": credentials.consumer_secret,
                "COMMERCE_ACCESS_TOKEN": credentials.access_token,
                "COMMERCE_ACCESS_TOKEN_SECRET": credentials.access_token_secret,
            }
        return {
            "COMMERCE_BASE_URL": f"{address}/{credentials.tenant if saas else 'rest'}/",
            "COMMERCE_FLAVOUR": "saas" if saas else "paas",
            "OAUTH_CLIENT_ID": credentials.client_id,
            "OAUTH_CLIENT_SECRET": credentials.client_secret,
            "OAUTH_ORG_ID": credentials.org_id,
            "OAUTH_BASE_URL": f"{address}/ims/token/",
        }
