"""Rejects requests of web pages to the local functions, before they see them.

Locally ingest may accept all events, and the consumer applies direct calls without
authentication, perhaps to a real store. So a function of the stack answers programs of
this machine only, and the consumer requires a secret path as well: pushes of Pub/Sub
cannot carry a header. A function that is started alone behaves as deployed.
"""

import json
import secrets
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from werkzeug.datastructures import EnvironHeaders
from werkzeug.wrappers import Response

from local.own_requests import is_own

JSON = "application/json"
PUSH_PATH = "LOCAL_PUSH_PATH"  # variable with the path that the consumer requires
FOREIGN = (
    "The local stack rejects requests of web pages of other origins, and requests to"
    " other host names: send it from a program, to 127.0.0.1 or localhost"
)
WRONG_PATH = (
    "The local consumer's address has a secret path: it is the address of consumer in"
    " stack.json, in the folder of the stack's state"
)


def new_path() -> str:
    """A path that no web page can guess."""
    return f"/{secrets.token_urlsafe(24)}"


def guard_wsgi(app: WSGIApplication, path: str | None) -> WSGIApplication:
    """*app*, for requests of this machine's programs only.

    Args:
        path: the only path that is answered; *app* sees ``/`` instead. None for any.
    """

    def guarded(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        headers = {name.lower(): value for name, value in EnvironHeaders(environ)}
        error = None
        if not is_own(headers):
            error = FOREIGN
        elif path is not None:
            asked = environ["PATH_INFO"].encode("latin-1")
            if not secrets.compare_digest(asked, path.encode()):
                error = WRONG_PATH
            environ["PATH_INFO"] = "/"
        if error is None:
            return app(environ, start_response)
        response = Response(json.dumps({"error": error}), 403, mimetype=JSON)
        return response(environ, start_response)

    return guarded


def guard_asgi(app: ASGIApp) -> ASGIApp:
    """*app*, for requests of this machine's programs only."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or is_own(Headers(scope=scope)):
            await app(scope, receive, send)
        else:
            await JSONResponse({"error": FOREIGN}, 403)(scope, receive, send)

    return guarded
