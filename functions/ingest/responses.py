"""What ingest answers, as HTTP; docs/openapi.json has every form of it."""

import json

from starlette.responses import Response

RETRY_SECONDS = 5  # what a caller is asked to wait when Pub/Sub is away
_quoted = json.encoder.encode_basestring_ascii


def stored(name: str) -> Response:
    """The answer to an event that was stored."""
    # By hand: an encoder made anew costs more than all else about the answer.
    return _Stored(
        f'{{"type": {_quoted(name)}, "response": {{"success": true,'
        ' "message": "Event published successfully"}}'.encode()
    )


class _Stored(Response):
    """A 200 with JSON, without the general way to its two headers."""

    def __init__(self, body: bytes) -> None:
        self.status_code = 200
        self.background = None
        self.body = body
        self.raw_headers = [
            (b"content-length", str(len(body)).encode()),
            (b"content-type", b"application/json"),
        ]


def with_json(status: int, content: dict, **headers: str) -> Response:
    """*content* as JSON; *headers* by their names with ``_`` for ``-``."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    # Escaped to ASCII, since what is echoed need not be valid Unicode.
    return Response(
        json.dumps(content), status, headers=names, media_type="application/json"
    )


def refusal(
    status: int, error: str, errors: dict | None = None, **headers: str
) -> Response:
    """``{"error": …}``, with ``errors``, messages by path, if there are any."""
    content = {"error": error, "errors": errors} if errors else {"error": error}
    return with_json(status, content, **headers)


def later(error: str) -> Response:
    """A 503 that says when to come again."""
    return refusal(503, error, retry_after=str(RETRY_SECONDS))
