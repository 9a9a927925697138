"""Customers: one e-mail address per website."""

import re

from local.commerce import customer_group, observed, search
from local.commerce.call import Call, attribute_rows, custom_attributes, integer
from local.commerce.errors import CommerceError, no_such_entity, required

KIND = "customer"
WEBSITES = (1, 2)
ADDRESSES = ("default_billing", "default_shipping")
TEXTS = (
    *("email", "firstname", "lastname", "middlename", "prefix", "suffix", "taxvat"),
    *ADDRESSES,
)
NUMBERS = ("group_id", "store_id", "website_id", "gender", "disable_auto_group_change")
DEFAULTS = {
    "website_id": 1,
    "group_id": 1,
    "store_id": 1,
    "disable_auto_group_change": 0,
}
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def create(call: Call) -> dict:
    """POST customers."""
    record = {**DEFAULTS, **_fields(call.body_object("customer"))}
    _check(call, record, None)
    customer_id = call.entities.next_id(KIND)
    record |= {"created_at": call.time, "updated_at": call.time}
    call.entities.put(KIND, customer_id, record, key=record["email"])
    call.observed.append(observed.customer_saved(customer_id, record, True))
    call.record_effect("customer.created", customer_id, email=record["email"])
    return _document(customer_id, record)


def update(call: Call) -> dict:
    """PUT customers/{id}: what it does not name may be reset."""
    customer_id, stored = _existing(call)
    sent = call.body_object("customer")
    if call.switches.website_required and sent.get("website_id") is None:
        raise CommerceError(400, '"Associate to Website" is a required value.')
    record, reset = {**stored, **_fields(sent)}, []
    if call.switches.partial_customer_resets:
        reset = _reset_unnamed(stored, sent, record)
    _check(call, record, customer_id)
    record["updated_at"] = call.time
    call.entities.put(KIND, customer_id, record, key=record["email"])
    call.observed.append(observed.customer_saved(customer_id, record, False))
    call.record_effect(
        "customer.updated", customer_id, email=record["email"], reset=reset
    )
    return _document(customer_id, record)


def delete(call: Call) -> bool:
    """DELETE customers/{id}."""
    customer_id, record = _existing(call)
    call.entities.delete(KIND, customer_id)
    call.observed.append(observed.customer_deleted(customer_id, record))
    call.record_effect("customer.deleted", customer_id)
    return True


def get(call: Call) -> dict:
    """GET customers/{id}."""
    return _document(*_existing(call))


def search_customers(call: Call) -> dict:
    """GET customers/search."""
    criteria, entities = search.criteria_of(call), call.entities
    email = criteria.required_value("email")
    rows = entities.all(KIND) if email is None else entities.find(KIND, email)
    return search.page_of((_document(*row) for row in rows), criteria)


def _reset_unnamed(stored: dict, sent: dict, record: dict) -> list[str]:
    """Reset in *record* what a PUT does not name, as older versions do; the names."""
    reset = []
    for name in ("group_id", "store_id"):
        if name not in sent and stored.get(name, DEFAULTS[name]) != DEFAULTS[name]:
            record[name] = DEFAULTS[name]
            reset.append(name)
    for name in (*ADDRESSES, "custom_attributes"):
        if name not in sent and stored.get(name):
            del record[name]
            reset.append(name)
    return reset


def _fields(sent: dict) -> dict:
    fields: dict = {}
    for names, read in ((TEXTS, str), (NUMBERS, integer)):
        for name in names:
            if sent.get(name) is not None:
                fields[name] = read(sent[name])
    if sent.get("custom_attributes") is not None:
        attributes = custom_attributes(sent["custom_attributes"])
        fields["custom_attributes"] = attribute_rows(attributes)
    return fields


def _check(call: Call, record: dict, customer_id: int | None) -> None:
    for name in ("firstname", "lastname", "email"):
        if not record.get(name, "").strip():
            raise required(name)
    if not EMAIL.fullmatch(record["email"]):
        raise CommerceError(400, '"%1" is not a valid email address.', ["Email"])
    if record["website_id"] not in WEBSITES:
        raise no_such_entity("websiteId", record["website_id"])
    if call.entities.get(customer_group.KIND, record["group_id"]) is None:
        raise no_such_entity("groupId", record["group_id"])
    for other_id, other in call.entities.find(KIND, record["email"]):
        if other_id != customer_id and other["website_id"] == record["website_id"]:
            raise CommerceError(
                400,
                "A customer with the same email address already exists in an"
                " associated website.",
            )


def _existing(call: Call) -> tuple[int, dict]:
    customer_id = call.path_id("id")
    record = call.entities.get(KIND, customer_id)
    if record is None:
        raise no_such_entity("customerId", customer_id)
    return customer_id, record


def _document(customer_id: int, record: dict) -> dict:
    return {
        "id": customer_id,
        **record,
        "created_in": "Default Store View",
        "addresses": [],
    }
