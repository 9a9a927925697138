"""The pages of Commerce's own events: back office, changes, histories."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.back_office import BackOffice
from local.commerce import StandIn, admin
from local.commerce.errors import CommerceError
from local.console.commerce_page import add_fault
from local.console.forms import back, read_form
from local.console.resource_history import history, resource_of
from local.journal import Journal

MAX_SHOWN = 50
MAX_QUANTITY = 1_000
BUYER = "customer-1@example.com"
SWITCHES = ("event_duplicates", "event_batches")
NO_BACK_OFFICE = "Events go to a real third party: no fault can be simulated."
NO_STAND_IN = "Commerce is a real store: change it there."


class OutboundPages:
    """Serves the pages.

    Args:
        back_office: None where events go to a real third party.
        stand_in: None where Commerce is a real store.
        page: renders a template by its name, for a request, with values.
    """

    def __init__(
        self,
        back_office: BackOffice | None,
        stand_in: StandIn | None,
        journal: Journal,
        page: Callable[..., Response],
    ) -> None:
        self._back_office = back_office
        self._stand_in = stand_in
        self._journal = journal
        self._page = page

    def routes(self) -> list[Route]:
        """Where they are served."""
        forms: list[tuple[str, Callable]] = [
            ("/back-office/fail", self.fail),
            ("/back-office/recover", self.recover),
            ("/commerce/product", self.edit_product),
            ("/commerce/order", self.place_order),
            ("/commerce/deliveries", self.change_deliveries),
        ]
        return [
            Route("/back-office", self.back_office),
            Route("/resource", self.resource),
            *(Route(path, form, methods=["POST"]) for path, form in forms),
        ]

    async def back_office(self, request: Request) -> Response:
        """What the back office received, the newest first."""
        office = self._back_office
        webhooks = list(office.webhooks)[::-1][:MAX_SHOWN] if office else []
        rows = [
            (webhook, resource_of(webhook.type, (webhook.document or {}).get("data")))
            for webhook in webhooks
        ]
        return self._page(
            "back_office",
            request,
            office=office,
            rows=rows,
            office_faults=office.faults.as_dicts() if office else [],
        )

    async def resource(self, request: Request) -> Response:
        """The events of one resource in both directions, on one timeline."""
        name = request.query_params.get("name", "").strip()
        webhooks = self._back_office.webhooks if self._back_office else ()
        steps = history(self._journal, webhooks, name)
        return self._page("resource", request, resource=name, steps=steps)

    async def fail(self, request: Request) -> Response:
        """Simulate a fault of the back office."""
        form = await read_form(request)
        if self._back_office is None:
            return back(form, NO_BACK_OFFICE)
        try:
            notice = add_fault(self._back_office.faults, form, "The back office")
        except ValueError as error:
            notice = f"No fault was simulated: {error}."
        return back(form, notice)

    async def recover(self, request: Request) -> Response:
        """End the simulated faults of the back office."""
        if self._back_office:
            self._back_office.faults.remove()
        return back(await read_form(request), "The back office works again.")

    async def edit_product(self, request: Request) -> Response:
        """Create, change or delete a product in Commerce, as a person does."""
        return await self._act(request, _edit_product)

    async def place_order(self, request: Request) -> Response:
        """Place an order in Commerce, as a customer does."""
        return await self._act(request, _place_order)

    async def change_deliveries(self, request: Request) -> Response:
        """Switch duplicates and batches of deliveries on or off."""
        return await self._act(request, _change_deliveries)

    async def _act(
        self, request: Request, action: Callable[[StandIn, dict[str, str]], str]
    ) -> Response:
        form = await read_form(request)
        if self._stand_in is None:
            return back(form, NO_STAND_IN)
        try:
            notice = action(self._stand_in, form)
        except CommerceError as error:
            notice = f"Commerce rejects it: {_rendered(error)}"
        except ValueError as error:
            notice = f"Nothing was changed: {error}."
        return back(form, notice)


def _edit_product(stand_in: StandIn, form: dict[str, str]) -> str:
    sku = form.get("sku", "")
    if form.get("action") == "delete":
        admin.delete_product(stand_in, sku)
        return f"{sku} is deleted in Commerce."
    names = ("name", "price", "description")
    fields: dict[str, Any] = {n: form[n].strip() for n in names if form.get(n)}
    if "price" in fields:
        fields["price"] = _number(fields["price"], "price")
    if description := fields.pop("description", None):
        fields["custom_attributes"] = [
            {"attribute_code": "description", "value": description}
        ]
    admin.edit_product(stand_in, sku, **fields)
    return f"{sku} is saved in Commerce."


def _place_order(stand_in: StandIn, form: dict[str, str]) -> str:
    quantity = _number(form.get("quantity") or "1", "quantity")
    if not 0 < quantity <= MAX_QUANTITY:
        raise ValueError(f"quantity must be more than 0, at most {MAX_QUANTITY}")
    order_id = admin.place_order(stand_in, form.get("sku", ""), quantity, BUYER)
    return f"Order {order_id} is placed in Commerce."


def _change_deliveries(stand_in: StandIn, form: dict[str, str]) -> str:
    stand_in.switches.change(**{name: name in form for name in SWITCHES})
    return "Deliveries are changed."


def _number(text: str, name: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{name} must be a number") from None
    if not 0 <= number < 1e12:
        raise ValueError(f"{name} must be a number from 0")
    return number


def _rendered(error: CommerceError) -> str:
    """Commerce's message with its parameters, which it counts or names."""
    body = error.body if isinstance(error.body, dict) else {}
    text = str(body.get("message", "it is invalid"))
    given = body.get("parameters") or []
    named = given if isinstance(given, dict) else dict(enumerate(given, 1))
    for name, value in named.items():
        text = text.replace(f"%{name}", str(value))
    return text
