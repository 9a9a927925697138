"""Keyed hashes: the ledger stores no uid, ordering key or value in plain text.

Without the key an e-mail address cannot be found by hashing guesses. One key serves all
functions and commands of a deployment. It is never rotated: another key means another,
empty ledger.
"""

import hashlib
import hmac
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from functions.settings import SettingsError

MIN_KEY_LENGTH = 32  # characters
KEY_FILE = ".local/ledger.key"
FIELD_HASH_LENGTH = 32  # characters, 128 bits
CHECK_KEY = "ledger-key-check"


def ledger_key(value: str) -> str:
    """Read the setting LEDGER_KEY.

    Raises:
        ValueError: it is short enough to be guessed.
    """
    if len(value) < MIN_KEY_LENGTH or not value.isascii():
        raise ValueError(f"must be at least {MIN_KEY_LENGTH} ASCII characters")
    return value


def read_or_create_key(path: Path) -> str:
    """The key in the file *path*, which is created with a random one if absent.

    Raises:
        SettingsError: the file holds no key, or cannot be read or created.
    """
    try:
        if not path.exists():
            _create_key(path)
        return ledger_key(path.read_text().strip())
    except OSError as error:
        raise SettingsError(
            f"The ledger's key cannot be read or created in {path}"
            f" ({error.strerror}): set LEDGER_KEY, or correct LEDGER"
        ) from None
    except ValueError as error:
        raise SettingsError(
            f"The ledger's key in {path} {error}: restore the file"
        ) from None


def _create_key(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Written first and named afterwards: another process, started at the same time,
    # never reads a part of it.
    new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32) + "\n")
    with suppress(FileExistsError):
        os.link(new, path)
    new.unlink()


class LedgerHashes:
    """The hashes of one deployment.

    Args:
        key: the setting LEDGER_KEY.
    """

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def event_key(self, source: str, uid: str) -> str:
        """Key of an event's record: two callers may use the same uid."""
        return "event-" + self._hash("event", source, uid)

    def uid(self, uid: str) -> str:
        """The uid in an event's record, for any caller."""
        return self._hash("uid", uid)

    def resource(self, name: str) -> str:
        """The resource in a record: an ordering key, or ``stock:SKU@source``."""
        return self._hash("resource", name)

    def content(self, event: str, value: Any) -> str:
        """The content hash of event type and value, whatever the order of keys."""
        body = json.dumps(value, sort_keys=True, separators=(",", ":"))
        return self._hash("content", event, body)

    def webhook_id(self, webhook_id: str) -> str:
        """The signed id of a request."""
        return self._hash("webhook-id", webhook_id)

    def field(self, name: str, value: str) -> str:
        """The value of one field of a resource of Commerce."""
        return self._hash("field", name, value)[:FIELD_HASH_LENGTH]

    def check_value(self) -> str:
        """Shows that two ledgers have the same key, without giving it away."""
        return self._hash("check")

    def _hash(self, kind: str, *parts: str) -> str:
        # With their lengths: a part may contain any separator.
        text = "".join(f"{len(part)}:{part}" for part in (kind, *parts))
        raw = text.encode(errors="surrogatepass")
        return hmac.new(self._key, raw, hashlib.sha256).hexdigest()


def resource_key(resource: str) -> str:
    """Key of the record of a resource, given by its hash."""
    return "resource-" + resource
