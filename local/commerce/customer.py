"""Customers: one e-mail address per website (notes, operations)."""

import re

from local.commerce import search
from local.commerce.call import Call, custom_attributes, integer
from local.commerce.errors import Refusal, gone, required

KIND = "customer"
WEBSITES = (1, 2)
TEXTS = ("email", "firstname", "lastname", "middlename", "prefix", "suffix", "taxvat")
NUMBERS = ("group_id", "store_id", "website_id", "gender", "disable_auto_group_change")
ADDRESSES = ("default_billing", "default_shipping")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def create(call: Call) -> dict:
    """POST customers: refuses an e-mail address that is there (notes, Q6)."""
    given = call.given("customer")
    doc = _read(given)
    doc.setdefault("website_id", 1)
    doc.setdefault("group_id", 1)
    doc.setdefault("store_id", 1)
    doc.setdefault("disable_auto_group_change", 0)
    _check(call, doc, None)
    number = call.things.next_id(KIND)
    doc |= {"created_at": call.time, "updated_at": call.time}
    put(call, number, doc)
    call.did("customer.created", number, email=doc["email"])
    return _shown(number, doc)


def update(call: Call) -> dict:
    """PUT customers/{id}: what is not sent may be lost (notes, operations)."""
    given, number = call.given("customer"), call.number("id")
    there = _there(call, number)
    if call.rules.website_demanded and given.get("website_id") is None:
        raise Refusal(400, '"Associate to Website" is a required value.')
    doc = {**there, **_read(given)}
    reset = []
    if call.rules.partial_customer_resets:
        reset = _reset(there, given, doc)
    _check(call, doc, number)
    doc["updated_at"] = call.time
    put(call, number, doc)
    call.did("customer.updated", number, email=doc["email"], reset=reset)
    return _shown(number, doc)


def delete(call: Call) -> bool:
    """DELETE customers/{id}: 404 where there is none (notes; Q6)."""
    number = call.number("id")
    _there(call, number)
    call.things.delete(KIND, number)
    call.did("customer.deleted", number)
    return True


def get(call: Call) -> dict:
    """GET customers/{id}."""
    number = call.number("id")
    return _shown(number, _there(call, number))


def find(call: Call) -> dict:
    """GET customers/search."""
    asked = search.criteria(call)
    email = asked.wanted("email")
    things = call.things
    found = things.all(KIND) if email is None else things.find(KIND, email)
    return search.answer((_shown(*pair) for pair in found), asked)


def put(call: Call, number: int, doc: dict) -> None:
    """Write a customer."""
    call.things.put(KIND, number, doc, key=doc["email"])


def _reset(there: dict, given: dict, doc: dict) -> list[str]:
    """What older versions forget of a customer whose PUT does not name it."""
    lost = []
    for name, first in (("group_id", 1), ("store_id", 1)):
        if name not in given and there.get(name, first) != first:
            doc[name] = first
            lost.append(name)
    for name in (*ADDRESSES, "custom_attributes"):
        if name not in given and there.get(name):
            del doc[name]
            lost.append(name)
    return lost


def _read(given: dict) -> dict:
    doc: dict = {}
    for name in (*TEXTS, *ADDRESSES):
        if given.get(name) is not None:
            doc[name] = str(given[name])
    for name in NUMBERS:
        if given.get(name) is not None:
            doc[name] = integer(given[name])
    if given.get("custom_attributes") is not None:
        texts = custom_attributes(given["custom_attributes"])
        doc["custom_attributes"] = [
            {"attribute_code": code, "value": value} for code, value in texts.items()
        ]
    return doc


def _check(call: Call, doc: dict, number: int | None) -> None:
    for name in ("firstname", "lastname", "email"):
        if not doc.get(name, "").strip():
            raise required(name)
    if not EMAIL.fullmatch(doc["email"]):
        raise Refusal(400, '"%1" is not a valid email address.', ["Email"])
    if doc["website_id"] not in WEBSITES:
        raise gone("websiteId", doc["website_id"])
    if call.things.get("customer_group", doc["group_id"]) is None:
        raise gone("groupId", doc["group_id"])
    for other, row in call.things.find(KIND, doc["email"]):
        if other != number and row["website_id"] == doc["website_id"]:
            raise Refusal(
                400,
                "A customer with the same email address already exists in an"
                " associated website.",
            )


def _there(call: Call, number: int) -> dict:
    doc = call.things.get(KIND, number)
    if doc is None:
        raise gone("customerId", number)
    return doc


def _shown(number: int, doc: dict) -> dict:
    return {"id": number, **doc, "created_in": "Default Store View", "addresses": []}
