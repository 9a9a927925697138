"""Entries of the local stack's journal, as broker and functions record them."""

from local.journal import Journal

EVENT = "be-observer.catalog_product_create"


def publish(journal: Journal, message_id: str = "m1", **labels: str) -> None:
    """Publishing, as ingest and broker record it."""
    ids = {"uid": "u1", "message_id": message_id}
    journal.observe("published", component="broker", topic="t", **ids)
    if not labels:
        labels = {"event": EVENT, "caller": "erp"}
    journal.observe("published", status=200, **ids, **labels)


def attempt(journal: Journal, number: int, status: int, outcome: str) -> None:
    """One delivery attempt with one call, as broker and consumer record it at INFO."""
    labels = {"event": EVENT, "uid": "u1", "message_id": "m1", "attempt": number}
    call = {"method": "POST", "route": "products", "status": status, "ms": 1.2}
    journal.observe("delivered", component="broker", **labels)
    if status >= 400:
        journal.observe("call", message="POST products", ms=1.2, **labels)
    journal.observe(
        "outcome", outcome=outcome, status=status, ms=1.5, calls=[call], **labels
    )
    journal.observe("answered", component="broker", status=status, **labels)
