"""A store in Firestore: for any number of instances, without a server to operate.

A record is one document of the collection ``ledger``: its JSON in ``record``, beside it
what is searched for (``uid``, ``resources``) and what the TTL policy reads
(``expires``).
"""

import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from threading import Lock
from typing import Any, NamedTuple

from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.cloud import firestore

from functions.ledger.record import encode
from functions.ledger.store import Known, LedgerUnavailable, Record, T, Update

COLLECTION = "ledger"
TIMEOUT_SECONDS = 10.0  # for one change or read with all its attempts: within a lease
INITIAL_DELAY_SECONDS = 0.02
MAX_DELAY_SECONDS = 1.0
MIN_CALL_SECONDS = 0.1  # for one call, however late it is

# Another writer changed one of the records between our read and our commit.
CONFLICTS = (
    exceptions.Aborted,
    exceptions.AlreadyExists,
    exceptions.FailedPrecondition,
    exceptions.NotFound,
)
# The change may or may not be stored: every rule can be run again after itself.
TRANSIENT = (exceptions.InternalServerError, exceptions.ServiceUnavailable)

Remaining = Callable[[], float]  # seconds left


class Version(NamedTuple):
    """A record as of its document's update time; both None where there is none."""

    record: Record | None = None
    update_time: Any = None


class Unverified(Exception):
    """A change of known records changes nothing, so that no commit verifies them."""


class FirestoreStore:
    """Records as documents; connects when first used.

    A change is an optimistic transaction: the update times of what was read are the
    preconditions of one atomic commit. (A transaction with locks makes each conflicting
    one wait for seconds, and needs one more call.) What the caller knows from its last
    change is not read again: the same preconditions guard it.

    Args:
        project: Google Cloud project id.
        database: name of the database.
        seconds: for one change or read, with all its attempts.
    """

    def __init__(
        self, project: str, database: str, seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self._project = project
        self._database = database
        self._seconds = seconds
        self._connected: firestore.Client | None = None
        self._lock = Lock()

    def change(
        self, keys: Sequence[str], update: Update[T], known: Known | None = None
    ) -> T:
        versions: Known = {} if known is None else known

        def change_records(remaining: Remaining) -> T:
            if not versions.keys().isdisjoint(keys):
                with suppress(Unverified, *CONFLICTS):
                    return self._change(keys, update, versions, remaining)
            return self._change(keys, update, versions, remaining)

        return self._retry(change_records)

    def get(self, key: str) -> Record | None:
        return self._retry(lambda remaining: self._read([key], remaining())[key].record)

    def find(self, field: str, value: str) -> list[tuple[str, Record]]:
        operator = {"uid": "==", "resources": "array_contains"}[field]
        condition = firestore.FieldFilter(field, operator, value)

        def search(remaining: Remaining) -> list[tuple[str, Record]]:
            query = self._client().collection(COLLECTION).where(filter=condition)
            documents = query.stream(retry=None, timeout=remaining())
            return [(document.id, _version(document).record) for document in documents]

        return self._retry(search)

    def _retry(self, call: Callable[[Remaining], T]) -> T:
        """*call* until it succeeds; it gets the time that is left."""
        end = time.monotonic() + self._seconds

        def remaining() -> float:
            return max(end - time.monotonic(), MIN_CALL_SECONDS)

        retry = Retry(
            predicate=if_exception_type(*CONFLICTS, *TRANSIENT),
            initial=INITIAL_DELAY_SECONDS,
            maximum=MAX_DELAY_SECONDS,
            timeout=self._seconds,
        )
        try:
            return retry(call)(remaining)
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            cause = error.cause if isinstance(error, exceptions.RetryError) else error
            raise LedgerUnavailable(f"Firestore: {type(cause).__name__}") from error

    def _change(
        self, keys: Sequence[str], update: Update[T], known: Known, remaining: Remaining
    ) -> T:
        # Until the commit has succeeded, nothing is known of these records.
        versions = {key: known.pop(key) or Version() for key in keys if key in known}
        assumed = bool(versions)
        if unread := [key for key in keys if key not in versions]:
            versions |= self._read(unread, remaining())
        before = [versions[key].record for key in keys]
        after, result = update(before)
        if after == before:
            if assumed:
                raise Unverified
            known.update(versions)
            return result
        client = self._client()
        batch = client.batch()
        # Every record is a precondition, also an unchanged one: the change may depend
        # on it. (Our rules change almost every record they read.)
        for key, record in zip(keys, after, strict=True):
            reference = client.collection(COLLECTION).document(key)
            update_time = versions[key].update_time
            if update_time is None:
                if record is None:
                    batch.delete(reference, client.write_option(exists=False))
                else:
                    batch.create(reference, _document(record))
                continue
            as_read = client.write_option(last_update_time=update_time)
            if record is None:
                batch.delete(reference, as_read)
            else:
                batch.update(reference, _document(record), as_read)
        writes = batch.commit(retry=None, timeout=remaining())
        for key, record, write in zip(keys, after, writes, strict=True):
            known[key] = Version(record, write.update_time) if record else Version()
        return result

    def _read(self, keys: Sequence[str], seconds: float) -> dict[str, Version]:
        """The records of *keys*, all as of one moment."""
        client = self._client()
        references = [client.collection(COLLECTION).document(key) for key in keys]
        documents = client.get_all(references, retry=None, timeout=seconds)
        return {document.id: _version(document) for document in documents}

    def _client(self) -> firestore.Client:
        with self._lock:
            if self._connected is None:
                self._connected = firestore.Client(
                    self._project, database=self._database
                )
            return self._connected


def _version(document: firestore.DocumentSnapshot) -> Version:
    if not document.exists:
        return Version()
    return Version(json.loads(document.get("record")), document.update_time)


def _document(record: Record) -> dict[str, Any]:
    """All fields, since an update keeps those that it does not name."""
    return {
        "record": encode(record),
        # The TTL policy reads timestamps, not numbers.
        "expires": datetime.fromtimestamp(record["expires"], UTC),
        "resources": [name for name in record.get("resources", []) if name],
        "uid": record.get("uid"),
    }
