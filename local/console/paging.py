"""The parts of a long list, and the links between them."""

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request


def pages(request: Request, number: int, count: int, rows: int) -> dict[str, Any]:
    """Which part of *count* rows a page shows, and the addresses of its neighbours.

    Args:
        number: of the page, from 1.
        rows: of one page.
    """
    last = max(1, -(-count // rows))
    return {
        "count": count,
        "first": min((number - 1) * rows + 1, count),
        "last": min(number * rows, count),
        "number": number,
        "pages": last,
        "previous": _path(request, min(number - 1, last)) if number > 1 else "",
        "next": _path(request, number + 1) if number < last else "",
    }


def _path(request: Request, number: int) -> str:
    """The address of another page of the same list."""
    own = ("page", "notice", "replayed")
    kept = [pair for pair in request.query_params.multi_items() if pair[0] not in own]
    return f"{request.url.path}?{urlencode([*kept, ('page', number)])}"
