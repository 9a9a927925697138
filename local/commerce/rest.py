"""The REST interface: one request in, checked and carried out, one response out."""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from local.commerce import ims, routes, search
from local.commerce.call import Call
from local.commerce.errors import CommerceError
from local.commerce.faults import Fault
from local.commerce.http_messages import (
    RestRequest,
    RestResponse,
    html_response,
    json_response,
    read_body,
    send_response,
)
from local.commerce.oauth1 import not_authorized
from local.commerce.simulation import Simulation

MAX_VIOLATIONS = 1_000

log = logging.getLogger(__name__)


class OpenApiViolation(Exception):
    """A request or response does not conform to Adobe's OpenAPI."""


class Rest:
    """An ASGI application.

    Args:
        drop_connection: closes the connection of a scope without a response.
    """

    def __init__(
        self, simulation: Simulation, drop_connection: Callable[[Scope], None]
    ) -> None:
        self._simulation = simulation
        self._drop_connection = drop_connection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive)
        if body is None:
            return
        began = time.perf_counter()
        simulation = self._simulation
        request = RestRequest.from_scope(scope, body, simulation.clock())
        fault = simulation.faults.take(request.method, request.path)
        if fault and fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        response = self._handle(request, fault, began)
        simulation.observe(
            "call",
            method=request.method,
            route=request.route,
            status=response and response.status,
            ms=_milliseconds_since(began),
            traceparent=request.headers.get("traceparent"),
        )
        if response is None:
            self._drop_connection(scope)
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await send_response(send, request.method, response)

    def _handle(
        self, request: RestRequest, fault: Fault | None, began: float
    ) -> RestResponse | None:
        """Carry out and record in one transaction; None: drop the connection."""
        simulation = self._simulation
        with simulation.entities.transaction():
            response: RestResponse | None = None
            if fault is None or fault.takes_effect:
                response = self._execute(request)
            else:
                self._find_route_name(request)
            if fault is not None and fault.drop:
                response = None
            elif fault is not None and fault.status is not None:
                response = RestResponse(*fault.response())
            simulation.journal.add(
                request, response, _milliseconds_since(began), fault and fault.id
            )
            simulation.io_events.add(request.observed)
        return response

    def _find_route_name(self, request: RestRequest) -> None:
        """Name the route of a request that is not carried out, for the journal."""
        if request.path == f"/{ims.ROUTE}":
            request.route, request.secret = ims.ROUTE, True
            return
        tenant = self._simulation.credentials.tenant
        try:
            location = routes.locate(request.path, request.headers, tenant)
            request.route = routes.match(request.method, location.segments)[0].name
        except CommerceError:
            return

    def _execute(self, request: RestRequest) -> RestResponse:
        try:
            with self._simulation.entities.savepoint():
                if request.path == f"/{ims.ROUTE}" and request.method == "POST":
                    return self._issue_token(request)
                return self._call_operation(request)
        except CommerceError as error:
            request.effects.clear()
            if isinstance(error.body, str):
                return html_response(error.status, error.body)
            return self._validated_error(request, error)
        except OpenApiViolation as violation:
            request.effects.clear()
            return self._violation_response(str(violation))
        except Exception:
            request.effects.clear()
            log.exception("error in the stand-in itself")
            message = (
                "Internal Error. Details are available in Magento log file. Report ID:"
                " webapi-standin"
            )
            return json_response(500, {"message": message})

    def _issue_token(self, request: RestRequest) -> RestResponse:
        request.route, request.secret = ims.ROUTE, True
        content_type = request.headers.get("content-type", "")
        token = self._simulation.ims.issue(content_type, request.body, request.time)
        return json_response(200, token)

    def _call_operation(self, request: RestRequest) -> RestResponse:
        simulation = self._simulation
        switches, openapi = simulation.switches, simulation.openapi
        if switches.refuses_encoded_slashes and "%2f" in request.path.lower():
            raise CommerceError(404, "", body=routes.NOT_FOUND_PAGE)
        tenant = simulation.credentials.tenant
        location = routes.locate(request.path, request.headers, tenant)
        route, values = routes.match(request.method, location.segments)
        request.route = route.name
        self._authenticate(request, route, saas=location.saas)
        call = Call(
            simulation.entities,
            switches,
            values,
            parse_qsl(request.query, keep_blank_values=True),
            request.document(),
            location.scope,
            request.time,
        )
        if openapi is not None:
            names = [name for name, _ in call.query]
            _raise_violations(
                request,
                openapi.request_errors(request.method, route.name, call.body, names),
            )
        document = route.operation(call)
        if openapi is not None:
            errors = openapi.response_errors(request.method, route.name, 200, document)
            _raise_violations(request, errors, "response to ")
        request.effects += call.effects
        request.observed += call.observed
        return json_response(200, search.select_fields(document, call))

    def _authenticate(
        self, request: RestRequest, route: routes.Route, *, saas: bool
    ) -> None:
        simulation = self._simulation
        scheme = request.headers.get("authorization", "").partition(" ")[0].lower()
        if scheme == "oauth" and not saas:
            reject_encoded = simulation.switches.refuses_encoded_signed_paths
            simulation.signatures.check(request, reject_encoded=reject_encoded)
        elif scheme == "bearer" or saas:
            simulation.ims.check(request.headers, request.time)
        else:
            raise not_authorized(route.resource)

    def _validated_error(
        self, request: RestRequest, error: CommerceError
    ) -> RestResponse:
        openapi = self._simulation.openapi
        if openapi is not None and request.route is not None and not request.secret:
            document = json.loads(json.dumps(error.body))
            method, route = request.method, request.route
            for text in openapi.response_errors(method, route, error.status, document):
                return self._violation_response(f"response to {method} {route}: {text}")
        return json_response(error.status, error.body)

    def _violation_response(self, text: str) -> RestResponse:
        log.error("Against Adobe's OpenAPI: %s", text)
        if len(self._simulation.violations) < MAX_VIOLATIONS:
            self._simulation.violations.append(text)
        return json_response(500, {"message": f"Against Adobe's OpenAPI: {text}"})


def _raise_violations(
    request: RestRequest, errors: list[str], prefix: str = ""
) -> None:
    if errors:
        raise OpenApiViolation(
            f"{prefix}{request.method} {request.route}: {'; '.join(errors)}"
        )


def _milliseconds_since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
