"""Stock: how much of a SKU lies at an inventory source."""

from functions.commerce.errors import Rejected
from functions.handlers import CommerceClient, DeliveryContext

SUCCESS = "Stock updated successfully"


def transform(row: dict) -> dict:
    """One level as Commerce has it."""
    return {
        "sku": row["sku"],
        "source_code": row["source"],
        "quantity": row["quantity"],
        "status": 0 if row["outOfStock"] else 1,
    }


def latest(rows: list[dict]) -> list[dict]:
    """*rows* with one per SKU and source: the last, which is what would remain."""
    return list({(row["sku"], row["source"]): row for row in rows}.values())


def update(
    value: list[dict], commerce: CommerceClient, delivery: DeliveryContext
) -> str:
    """Set levels, in pieces that Commerce takes.

    A repeat sets the same again, less the pieces that were applied: levels are
    absolute, and an event that came meanwhile is not overwritten.

    Raises:
        Rejected: Commerce refuses a piece; the others are applied all the same.
    """
    rows = latest(value)
    size = commerce.settings.stock_piece_size
    refused = []
    starts = range(0, len(rows), size)
    for start in starts:
        # Leased piece by piece: a claim lasts for one call and not for all.
        piece = delivery.pending(rows[start : start + size])
        if not piece:
            continue
        try:
            commerce.post(
                "inventory/source-items",
                {"sourceItems": [transform(row) for row in piece]},
            )
        except Rejected as error:
            refused.append(error)
        else:
            delivery.applied(piece)
    if refused:
        first = refused[0]
        if len(starts) == 1:
            raise first
        raise Rejected(
            first.status,
            f"{len(refused)} of {len(starts)} pieces refused, the first:"
            f" {first.message}",
        )
    return SUCCESS
