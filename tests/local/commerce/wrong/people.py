"""Wrong ways to write customers and groups."""

from functions.handlers import customer
from tests.handlers.shops import Unsure, handle, sample
from tests.local.commerce.wrong.case import Case

PERSON = sample("customer_create")
CHANGED = sample("customer_update", id=4)  # who is in group 2
GROUP = sample("customer_group_create")


def on(event, value, work=None):
    return lambda commerce: handle(event, value, commerce.shop(), work)


def nothing_but_names(commerce):
    body = {"customer": {"id": 4, **customer.transform(CHANGED)}}
    commerce.shop().put("customers/{id}", body, id=4)


def without_website(commerce):
    shop = commerce.shop()
    there = {**shop.get("customers/{id}", id=4), "website_id": None}
    body = {"customer": customer.changed(CHANGED, there, shop.settings)}
    shop.put("customers/{id}", body, id=4)


def looks_before_it_removes(commerce):
    shop = commerce.shop()
    shop.get("customers/{id}", id=3)
    shop.delete("customers/{id}", id=3)


CASES = {
    "email_is_unique": Case(
        before=on("customer_create", PERSON),
        wrong=on("customer_create", PERSON),  # as if nothing had been tried before
        noticed=["Rejected 400"],
        right=on("customer_create", PERSON, Unsure()),
        good=[],
    ),
    "partial_customer_resets": Case(
        wrong=nothing_but_names,
        noticed=[
            "customer.updated 4"
            " reset=['group_id', 'default_billing', 'default_shipping']"
        ],
        right=on("customer_update", CHANGED),
        good=["customer.updated 4 reset=[]"],
        show=("reset",),
    ),
    "website_demanded": Case(
        rules={"website_demanded": True},
        wrong=without_website,
        noticed=["Rejected 400"],
        right=on("customer_update", CHANGED),
        good=["customer.updated 4"],
    ),
    "group_code_is_unique": Case(
        before=on("customer_group_create", GROUP),
        wrong=on("customer_group_create", GROUP),
        noticed=["Rejected 400"],
        right=on("customer_group_create", GROUP, Unsure()),
        good=[],
    ),
    "default_groups_stay": Case(
        wrong=on("customer_group_delete", {"id": True}),  # 1, as PHP has it
        noticed=["Rejected 400"],
        right=on("customer_group_delete", {"id": 2}),
        good=["customer_group.deleted 2"],
    ),
    "gone_is_404": Case(
        before=on("customer_delete", {"id": 3}),
        wrong=looks_before_it_removes,
        noticed=["Rejected 404"],
        right=on("customer_delete", {"id": 3}),
        good=[],
    ),
}
