"""The REST side: one request in, checked and carried out, one answer out."""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from local.commerce import ims, routes, search, wire
from local.commerce.call import Call
from local.commerce.contract import Contract
from local.commerce.errors import Refusal
from local.commerce.faults import Fault, Faults
from local.commerce.journal import Journal
from local.commerce.rules import Rules
from local.commerce.signin import Credentials, OAuth1, Sent, not_authorized
from local.commerce.things import Things
from local.commerce.wire import Answer, Asked

MOST_VIOLATIONS = 1_000

log = logging.getLogger(__name__)


@dataclass
class Shop:
    """What the stand-in consists of, shared by its REST and its control side."""

    things: Things
    journal: Journal
    faults: Faults
    rules: Rules
    credentials: Credentials
    oauth1: OAuth1
    ims: ims.Ims
    contract: Contract | None
    clock: Callable[[], float]
    observe: Callable[..., None]
    violations: list[str] = field(default_factory=list)


class Rest:
    """An ASGI application.

    Args:
        drop: breaks the connection of a scope.
    """

    def __init__(self, shop: Shop, drop: Callable[[Scope], None]) -> None:
        self._shop = shop
        self._drop = drop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        content = await wire.content_of(receive)
        if content is None:
            return
        began = time.perf_counter()
        shop = self._shop
        asked = Asked(
            scope["method"],
            scope["scheme"],
            scope["raw_path"].decode("ascii", "replace"),
            scope["query_string"].decode("ascii", "replace"),
            {
                name.decode().lower(): v.decode("latin-1")
                for name, v in scope["headers"]
            },
            content,
            shop.clock(),
        )
        fault = shop.faults.take(asked.method, asked.path)
        if fault and fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        answer = self._settled(asked, fault, began)
        ms = round((time.perf_counter() - began) * 1000, 1)
        shop.observe(
            "call",
            method=asked.method,
            route=asked.route,
            status=answer and answer.status,
            ms=ms,
        )
        if answer is None:
            self._drop(scope)
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await wire.send_answer(send, asked.method, answer)

    def _settled(
        self, asked: Asked, fault: Fault | None, began: float
    ) -> Answer | None:
        """Carry out and note in one transaction; None: no answer."""
        shop = self._shop
        with shop.things.transaction():
            answer = None
            if fault is None or fault.late:
                answer = self._answered(asked)
            else:
                self._name(asked)
            if fault is not None and fault.drop:
                answer = None
            elif fault is not None and fault.status is not None:
                answer = Answer(*fault.answer())
            request = shop.journal.request(
                asked.at,
                asked.method,
                asked.route,
                asked.path + (f"?{asked.query}" if asked.query else ""),
                answer and answer.status,
                round((time.perf_counter() - began) * 1000, 1),
                fault and fault.id,
                b"" if asked.secret else asked.content,
                b"" if asked.secret or answer is None else answer.content,
            )
            shop.journal.effects(asked.at, request, asked.content, asked.effects)
        return answer

    def _name(self, asked: Asked) -> None:
        """Find out which route it would have been."""
        tenant = self._shop.credentials.tenant
        try:
            if asked.path == f"/{ims.ROUTE}":
                asked.route, asked.secret = ims.ROUTE, True
                return
            place = routes.place(asked.path, asked.headers, tenant)
            asked.route = routes.find(asked.method, place.segments)[0].name
        except Refusal:
            return

    def _answered(self, asked: Asked) -> Answer:
        try:
            with self._shop.things.attempt():
                if asked.path == f"/{ims.ROUTE}" and asked.method == "POST":
                    asked.route, asked.secret = ims.ROUTE, True
                    kind = asked.headers.get("content-type", "")
                    document = self._shop.ims.issue(kind, asked.content, asked.at)
                    return wire.as_json(200, document)
                return self._called(asked)
        except Refusal as refusal:
            asked.effects.clear()
            if isinstance(refusal.body, str):
                return Answer(
                    refusal.status,
                    {"content-type": "text/html; charset=utf-8"},
                    refusal.body.encode(),
                )
            return self._checked(asked, wire.as_json(refusal.status, refusal.body))
        except Violation as violation:
            asked.effects.clear()
            return self._violated(str(violation))
        except Exception:
            asked.effects.clear()
            log.exception("the stand-in itself failed")
            return wire.as_json(
                500,
                {
                    "message": "Internal Error. Details are available in Magento log"
                    " file. Report ID: webapi-standin"
                },
            )

    def _called(self, asked: Asked) -> Answer:
        shop = self._shop
        if shop.rules.refuses_encoded_slashes and "%2f" in asked.path.lower():
            raise Refusal(404, "", raw=routes.PAGE)  # Q3: the web server's own answer
        place = routes.place(asked.path, asked.headers, shop.credentials.tenant)
        route, values = routes.find(asked.method, place.segments)
        asked.route = route.name
        self._sign_in(asked, place, route)
        call = Call(
            shop.things,
            shop.rules,
            values,
            parse_qsl(asked.query, keep_blank_values=True),
            wire.document_of(asked),
            place.scope,
            asked.at,
        )
        if shop.contract is not None:
            names = (name for name, _ in call.query)
            self._demand(
                asked,
                shop.contract.request_faults(
                    asked.method, route.name, call.body, names
                ),
            )
        document = route.operation(call)
        if shop.contract is not None:
            faults = shop.contract.answer_faults(
                asked.method, route.name, 200, document
            )
            self._demand(asked, faults, "answer to ")
        asked.effects += call.effects
        return wire.as_json(200, search.only(document, call))

    def _sign_in(self, asked: Asked, place: routes.Place, route: routes.Route) -> None:
        shop = self._shop
        authorization = asked.headers.get("authorization", "")
        if authorization.lower().startswith("oauth ") and not place.saas:
            sent = Sent(
                asked.method,
                asked.scheme,
                asked.headers.get("host", ""),
                asked.path,
                asked.query,
                authorization[6:],
                route.resource,
            )
            refuses = shop.rules.refuses_encoded_signed_paths
            shop.oauth1.check(sent, asked.at, refuses)
        elif authorization.lower().startswith("bearer ") or place.saas:
            shop.ims.check(asked.headers, asked.at)
        else:
            raise not_authorized(route.resource)

    def _checked(self, asked: Asked, answer: Answer) -> Answer:
        contract = self._shop.contract
        if contract is None or asked.route is None or asked.secret:
            return answer
        document = json.loads(answer.content)
        faults = contract.answer_faults(
            asked.method, asked.route, answer.status, document
        )
        if faults:
            return self._violated(
                f"answer to {asked.method} {asked.route}: {faults[0]}"
            )
        return answer

    def _demand(self, asked: Asked, faults: list[str], what: str = "") -> None:
        if faults:
            raise Violation(f"{what}{asked.method} {asked.route}: {'; '.join(faults)}")

    def _violated(self, text: str) -> Answer:
        log.error("against Adobe's OpenAPI: %s", text)
        if len(self._shop.violations) < MOST_VIOLATIONS:
            self._shop.violations.append(text)
        return wire.as_json(500, {"message": f"Against Adobe's OpenAPI: {text}"})


class Violation(Exception):
    """A request, or an answer of ours, is not as Adobe's OpenAPI has it."""
