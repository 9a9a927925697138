"""Both directions of one resource on one timeline, read from the journal."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cli.journal_entries import BROKER, JournalEntry
from functions.events.catalog import OUTBOUND_PREFIX, InvalidValue, find
from local.back_office.back_office import Webhook
from local.console.events import parse
from local.journal import Journal

MAX_ENTRIES = 10_000  # the newest of the journal
MAX_STEPS = 500
STAGES = ("published", "delivered", "outcome", "exhausted", "replayed")


@dataclass(frozen=True)
class ResourceStep:
    """One step of the timeline.

    Attributes:
        at: seconds since 1970.
        direction: ``inbound``, ``outbound``, or ``back office`` for a webhook.
        text: what happened.
        detail: status and reason; "" for none.
        state: for its colour: an outcome or a stage.
    """

    at: float
    direction: str
    event: str
    uid: str
    text: str
    detail: str
    state: str


def resource_of(event_type: str, value: Any) -> str:
    """``product:lamp-1`` for an event of either direction; "" where there is none.

    A stock level of one SKU belongs to its product.
    """
    event = find(event_type)
    if event is None:
        return ""
    try:
        key = event.ordering_key(event.load(value))
    except InvalidValue:
        return ""
    key = key.removeprefix(OUTBOUND_PREFIX)
    is_sku = event.direction == "inbound" and key.startswith("stock:")
    return f"product:{key.removeprefix('stock:')}" if is_sku else key


def history(
    journal: Journal, webhooks: Iterable[Webhook], name: str
) -> list[ResourceStep]:
    """The steps of the events of resource *name*, oldest first; the newest of them."""
    wanted = name.lower()
    entries = journal.read(limit=MAX_ENTRIES)
    messages = {
        entry.labels.get("message_id")
        for entry in entries
        if entry.stage == "published"
        and "data" in entry.labels
        and resource_of(entry.labels.get("event", ""), parse(entry.labels["data"]))
        == wanted
    } - {None}
    chosen = [each for each in entries if each.labels.get("message_id") in messages]
    steps = [step for entry in chosen if (step := _step(entry))]
    uids = {entry.labels.get("uid") for entry in chosen}
    steps += [_webhook_step(each) for each in webhooks if each.uid in uids]
    return sorted(steps, key=lambda step: step.at)[-MAX_STEPS:]


def _step(entry: JournalEntry) -> ResourceStep | None:
    label = entry.labels.get
    by_broker = label("component") == BROKER
    # The broker reports a publication at once; the function's entry repeats it.
    if entry.stage not in STAGES or (entry.stage == "published" and not by_broker):
        return None
    event = find(label("event"))
    text = label("outcome") or entry.stage
    if entry.stage == "delivered":
        text = f"delivered, attempt {label('attempt')}"
    details = (label("status"), label("reason"))
    return ResourceStep(
        entry.at,
        event.direction if event else "",
        label("event") or "",
        label("uid") or "",
        text,
        " ".join(str(detail) for detail in details if detail),
        label("outcome") or f"at-{entry.stage}",
    )


def _webhook_step(webhook: Webhook) -> ResourceStep:
    return ResourceStep(
        webhook.at,
        "back office",
        webhook.type,
        webhook.uid,
        f"webhook {webhook.outcome}",
        f"{webhook.status or 'no response'} {webhook.detail}".strip(),
        "handled" if webhook.outcome == "accepted" else webhook.outcome,
    )
