"""Readers of addresses and credentials; errors do not quote the value."""

from urllib.parse import SplitResult, urlsplit

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


def address(value: str) -> str:
    """An http or https URL without user, query and fragment; no slash at its end.

    Raises:
        ValueError: it is not one, or http to another machine.
    """
    parts = _split(value)
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must be a URL without user, query and fragment")
    return value.rstrip("/")


def webhook_url(value: str) -> str:
    """An http or https URL without user and fragment, as it is.

    Raises:
        ValueError: it is not one, or http to another machine.
    """
    parts = _split(value)
    if parts.username is not None or parts.fragment:
        raise ValueError("must be a URL without user and fragment")
    return value


def credential(value: str) -> str:
    """Text that a header can carry.

    Raises:
        ValueError: it contains blanks or non-ASCII characters.
    """
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("must be printable ASCII without blanks")
    return value


def _split(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("must be a URL like https://host/path/") from None
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("must be a URL like https://host/path/")
    if parts.scheme not in ("https", "http") or not host:
        raise ValueError("must be a URL like https://host/path/")
    if parts.scheme == "http" and host not in LOOPBACK_HOSTS:
        raise ValueError("must begin with https:// (http is for localhost alone)")
    return parts
