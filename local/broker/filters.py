"""Subscriptions' filters: not offered; a filter is refused, not ignored."""

from collections.abc import Mapping

from local.broker.errors import unsupported


def check_filter(text: str) -> None:
    """Raise for a filter that :func:`matches` could not judge."""
    if text:
        raise unsupported("filter")


def matches(text: str, attributes: Mapping[str, str]) -> bool:
    """Whether a message with *attributes* passes."""
    return not text
