"""Names of events, and which of them a misspelt one may mean."""

from difflib import get_close_matches

from functions.events.catalog import INBOUND_EVENTS, MARKER

MAX_NAME_LENGTH = 200  # of a name that is compared
MAX_NAMES = 3
MIN_SIMILARITY = 0.5  # from 0 to 1


def bare_name(name: str) -> str:
    """*name* without its namespace and ``be-observer.``; an outbound one as it is."""
    return name.rpartition(MARKER)[2]


def closest_names(name: str) -> list[str]:
    """The inbound events that *name* may mean, the closest first.

    Args:
        name: with or without ``be-observer.``.
    """
    bare = name[-MAX_NAME_LENGTH:].rpartition(".")[2].lower()
    known = [bare_name(event) for event in INBOUND_EVENTS]
    return [
        MARKER + match
        for match in get_close_matches(bare, known, MAX_NAMES, MIN_SIMILARITY)
    ]
