"""Which requests a server on this machine may answer: no other site's pages send them.

A page of any site can make the developer's browser post to this machine. With a host
name of its own that resolves to 127.0.0.1 it can even read the responses.
"""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_own(headers: Mapping[str, str], hosts: Iterable[str] = LOOPBACK) -> bool:
    """Whether the request comes from a page of this server or from no page.

    Args:
        headers: of the request, by names in lower case.
        hosts: names of this server.
    """
    host = headers.get("host")
    # Browsers always send Host; a client of HTTP/1.0 may leave it out.
    if host is not None and _name(f"//{host}") not in hosts:
        return False
    if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return False
    return headers.get("origin") in (None, f"http://{host}")


def _name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
