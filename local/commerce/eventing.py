"""The eventing module's configuration and subscriptions.

They are kept and listed. What is observed is delivered with or without a subscription,
and with all its fields.
"""

import re

from local.commerce.call import Call
from local.commerce.errors import CommerceError, required
from local.commerce.io_events import PROVIDER

SUBSCRIPTION = "event_subscription"
CONFIGURATION = "eventing_configuration"
NAME = re.compile(r"(observer|plugin)\.[a-z0-9_.]+")


def list_providers(call: Call) -> list[dict]:
    """GET eventing/eventProvider: one, which the stand-in has from the start."""
    config = call.entities.get(CONFIGURATION, 1) or {}
    provider = {
        "provider_id": config.get("provider_id") or PROVIDER,
        "instance_id": config.get("instance_id") or "stand_in",
        "label": "Stand-in",
        "description": "",
        "workspace_configuration": "******",
    }
    return [provider]


def update_configuration(call: Call) -> bool:
    """PUT eventing/updateConfiguration: what is not named stays."""
    config = call.entities.get(CONFIGURATION, 1) or {}
    call.entities.put(CONFIGURATION, 1, config | call.body_object("config"))
    call.record_effect("eventing.configured", 1)
    return True


def list_subscriptions(call: Call) -> list[dict]:
    """GET eventing/getEventSubscriptions."""
    return [record for _, record in call.entities.all(SUBSCRIPTION)]


def subscribe(call: Call) -> list:
    """POST eventing/eventSubscribe: a second one needs ``force``."""
    event = call.body_object("event")
    name, fields = event.get("name"), event.get("fields")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise required("name")
    if not isinstance(fields, list) or not fields:
        raise required("fields")
    rows = call.entities.find(SUBSCRIPTION, name)
    if rows and not call.body.get("force"):
        raise CommerceError(400, 'The event "%1" is already subscribed', [name])
    entity_id = rows[0][0] if rows else call.entities.next_id(SUBSCRIPTION)
    record = {
        "name": name,
        "parent": event.get("parent", ""),
        "fields": fields,
        "rules": event.get("rules", []),
        "destination": event.get("destination", "default"),
        "priority": bool(event.get("priority")),
        "hipaa_audit_required": bool(event.get("hipaa_audit_required")),
        "provider_id": event.get("provider_id", "default"),
    }
    call.entities.put(SUBSCRIPTION, entity_id, record, key=name)
    call.record_effect("event.subscribed", name)
    return []


def unsubscribe(call: Call) -> list:
    """POST eventing/eventUnsubscribe/{name}."""
    name = call.values["name"]
    rows = call.entities.find(SUBSCRIPTION, name)
    if not rows:
        raise CommerceError(400, 'The event "%1" is not subscribed', [name])
    call.entities.delete(SUBSCRIPTION, rows[0][0])
    call.record_effect("event.unsubscribed", name)
    return []
