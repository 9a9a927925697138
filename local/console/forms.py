"""What the pages' forms send, and the redirects that follow them."""

from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

MAX_BODY_BYTES = 2 * 1024 * 1024


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a posted form."""
    body = await request.body()
    return dict(parse_qsl(body[:MAX_BODY_BYTES].decode(errors="replace")))


def page_number(text: str | None) -> int:
    """The number of a page, from 1; also of a text that is none."""
    return max(1, int(text)) if text and text.isdecimal() and len(text) < 7 else 1


def back(form: dict[str, str], notice: str = "", replayed: str = "") -> Response:
    """Redirect to the form's page, which shows *notice*.

    Args:
        replayed: the message of a replay; the page shows what became of it.
    """
    target = form.get("back", "/")
    if not target.startswith("/") or target.startswith(("//", "/\\")):
        target = "/"
    path, _, query = target.partition("?")
    kept = [pair for pair in parse_qsl(query) if pair[0] not in ("notice", "replayed")]
    shown = ("replayed", replayed) if replayed else ("notice", notice)
    return RedirectResponse(f"{path}?{urlencode([*kept, shown])}", 303)
