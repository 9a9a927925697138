"""The ledger's settings that consumers, ingest and commands share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.ledger.hashes import KEY_FILE, MIN_KEY_LENGTH, ledger_key
from functions.settings import setting, text


@dataclass(frozen=True)
class LedgerSettings:
    """The key of the ledger's hashes."""

    ledger_key: str = setting(
        "LEDGER_KEY",
        ledger_key,
        "Key of the hashes in the ledger, at least"
        f" {MIN_KEY_LENGTH} characters; the same for all functions and commands of a"
        " deployment, for ever. Required on Google Cloud.",
        "",
        shown=f"a file beside the SQLite store, or {KEY_FILE}",
        secret=True,
    )
    k_service: str = setting(
        "K_SERVICE", text, "Set by Cloud Run: there, LEDGER_KEY is required.", ""
    )


def lacking_key(given: Mapping[str, Any]) -> list[str]:
    """The error for a missing LEDGER_KEY, by the variables *given*."""
    if "K_SERVICE" in given and "LEDGER_KEY" not in given:
        return ["LEDGER_KEY is not set, and the ledger needs it on Google Cloud"]
    return []
