"""Stock: the quantity of a SKU at an inventory source."""

from typing import Any

from functions.commerce.errors import Rejected
from functions.handlers import CommerceClient, DeliveryContext

SUCCESS = "Stock updated successfully"


def transform(row: dict[str, Any]) -> dict[str, Any]:
    """One level in Commerce's form."""
    return {
        "sku": row["sku"],
        "source_code": row["source"],
        "quantity": row["quantity"],
        "status": 0 if row["outOfStock"] else 1,
    }


def latest(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last of *rows* for each SKU and source."""
    return list({(row["sku"], row["source"]): row for row in rows}.values())


def update(
    value: list[dict[str, Any]], commerce: CommerceClient, delivery: DeliveryContext
) -> str:
    """Set levels, in pieces that Commerce accepts.

    Idempotence: levels are absolute. Batches that were applied are not sent again, and
    newer levels are not overwritten.

    Raises:
        Rejected: Commerce rejected a piece; the other pieces were applied.
    """
    rows = latest(value)
    size = commerce.settings.stock_piece_size
    rejections = []
    starts = range(0, len(rows), size)
    for start in starts:
        # Leased piece by piece: a lease lasts for one call and not for all.
        piece = delivery.pending(rows[start : start + size])
        if not piece:
            continue
        try:
            commerce.post(
                "inventory/source-items",
                {"sourceItems": [transform(row) for row in piece]},
            )
        except Rejected as error:
            rejections.append(error)
        else:
            delivery.applied(piece)
    if rejections:
        first = rejections[0]
        if len(starts) == 1:
            raise first
        raise Rejected(
            first.status,
            f"{len(rejections)} of {len(starts)} pieces rejected, the first:"
            f" {first.message}",
        )
    return SUCCESS
