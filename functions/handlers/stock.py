"""Stock: the quantity of a SKU at an inventory source."""

from typing import Any

from functions.errors import Ambiguous, Rejected
from functions.events.identifiers import watermark_name
from functions.handlers import CommerceClient, DeliveryContext, Skipped

SUCCESS = "Stock updated successfully"
# Commerce rejects a whole call for one bad row, so a rejected call is divided. Each bad
# row costs about 2·log2 of the piece in calls; after this many, no more is divided.
MAX_BAD_ROWS = 32

Row = dict[str, Any]


def transform(row: Row) -> dict[str, Any]:
    """One level in Commerce's form."""
    return {
        "sku": row["sku"],
        "source_code": row["source"],
        "quantity": row["quantity"],
        "status": 0 if row["outOfStock"] else 1,
    }


def latest(rows: list[Row]) -> dict[int, Row]:
    """The last of *rows* for each SKU and source, by its number, counted from 1."""
    last = {
        watermark_name(row["sku"], row["source"]): (number, row)
        for number, row in enumerate(rows, 1)
    }
    return dict(last.values())


def update(
    value: list[Row], commerce: CommerceClient, delivery: DeliveryContext
) -> str:
    """Set levels, in pieces that Commerce accepts.

    Calls: `POST inventory/source-items`, in pieces.

    Idempotence: levels are absolute. Rows that were applied are not sent again, and
    newer levels are not overwritten.

    Raises:
        Rejected: Commerce rejected some rows; the other rows were applied.
        Ambiguous: it is not known whether another attempt helps these rows.
        Skipped: newer levels have been applied to all rows.
    """
    numbered = latest(value)
    rows = list(numbered.values())
    size = commerce.settings.stock_piece_size
    failures: list[tuple[Row, Rejected | Ambiguous]] = []
    for start in range(0, len(rows), size):
        # Leased piece by piece: a lease lasts for one call and not for all.
        piece = delivery.pending(rows[start : start + size])
        if piece:
            _send(piece, commerce, delivery, failures)
    outdated = delivery.outdated_rows
    message = f"{outdated} of {len(rows)} rows were older than what is applied"
    if failures:
        raise _summary(numbered, failures, f"{message}; " if outdated else "")
    if not outdated:
        return SUCCESS
    if outdated == len(rows):
        raise Skipped("outdated", f"Stock not updated: {message}")
    return f"{SUCCESS}; {message}"


def _send(
    piece: list[Row],
    commerce: CommerceClient,
    delivery: DeliveryContext,
    failures: list[tuple[Row, Rejected | Ambiguous]],
) -> None:
    """Apply *piece*; its bad rows are added to *failures*, the others are applied."""
    items = [transform(row) for row in piece]
    try:
        commerce.post("inventory/source-items", {"sourceItems": items})
    except (Rejected, Ambiguous) as error:
        if len(piece) == 1 or len(failures) >= MAX_BAD_ROWS:
            failures += [(row, error) for row in piece]
            return
        middle = len(piece) // 2
        _send(piece[:middle], commerce, delivery, failures)
        _send(piece[middle:], commerce, delivery, failures)
    else:
        delivery.applied(piece)


def _summary(
    numbered: dict[int, Row],
    failures: list[tuple[Row, Rejected | Ambiguous]],
    outdated: str,
) -> Rejected | Ambiguous:
    """One error for all bad rows, with their numbers and no values."""
    _, first = failures[0]
    if len(numbered) == 1:
        return first
    bad = {id(row) for row, _ in failures}
    numbers = [str(number) for number, row in numbered.items() if id(row) in bad]
    shown = ", ".join(numbers[:MAX_BAD_ROWS])
    if len(numbers) > MAX_BAD_ROWS:
        shown += f" and {len(numbers) - MAX_BAD_ROWS} more"
    message = (
        f"{outdated}{len(numbers)} of {len(numbered)} rows were not applied"
        f" (counted from 1: {shown}): {first.message}"
    )
    if any(isinstance(error, Ambiguous) for _, error in failures):
        return Ambiguous(message)
    return Rejected(first.status, message)
