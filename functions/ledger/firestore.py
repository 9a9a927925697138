"""A store in Firestore: for any number of instances, without a server of one's own.

A record is one document of the collection ``ledger``: its JSON in ``record``, beside it
what is looked for (``uid``, ``things``) and what the TTL policy reads (``expires``).
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from google.cloud import firestore

from functions.ledger.store import Change, LedgerUnavailable, Record, T

COLLECTION = "ledger"
ATTEMPTS = 10  # of one transaction, while others write the same records
SECONDS = 20.0  # for one read or write


class FirestoreStore:
    """Records as documents; connects when first used.

    Args:
        project: Google Cloud project id.
        database: name of the database.
    """

    def __init__(self, project: str, database: str) -> None:
        self._project = project
        self._database = database
        self._made: firestore.Client | None = None
        self._lock = Lock()

    def change(self, keys: Sequence[str], by: Change[T]) -> T:
        def run(transaction: firestore.Transaction) -> T:
            places = [self._place(key) for key in keys]
            # One after the other: get_all answers in no order of ours.
            before = [
                _record(place.get(transaction=transaction, retry=None, timeout=SECONDS))
                for place in places
            ]
            after, result = by(before)
            for place, old, new in zip(places, before, after, strict=True):
                if new == old:
                    continue
                if new is None:
                    transaction.delete(place)
                else:
                    transaction.set(place, _document(new))
            return result

        try:
            transaction = self._client().transaction(max_attempts=ATTEMPTS)
            return firestore.transactional(run)(transaction)
        except (GoogleAPIError, GoogleAuthError) as error:
            raise LedgerUnavailable(f"Firestore: {type(error).__name__}") from error
        except ValueError as error:
            # The library's word for a transaction that others kept breaking up; a
            # rule's own ValueError has no such cause.
            if isinstance(error.__cause__, GoogleAPIError):
                raise LedgerUnavailable("Firestore: too much contention") from error
            raise

    def get(self, key: str) -> Record | None:
        try:
            return _record(self._place(key).get(retry=None, timeout=SECONDS))
        except (GoogleAPIError, GoogleAuthError) as error:
            raise LedgerUnavailable(f"Firestore: {type(error).__name__}") from error

    def find(self, field: str, value: str) -> list[tuple[str, Record]]:
        operator = {"uid": "==", "things": "array_contains"}[field]
        wanted = firestore.FieldFilter(field, operator, value)
        try:
            query = self._client().collection(COLLECTION).where(filter=wanted)
            return [
                (found.id, _record(found))
                for found in query.stream(retry=None, timeout=SECONDS)
            ]
        except (GoogleAPIError, GoogleAuthError) as error:
            raise LedgerUnavailable(f"Firestore: {type(error).__name__}") from error

    def _place(self, key: str) -> firestore.DocumentReference:
        return self._client().collection(COLLECTION).document(key)

    def _client(self) -> firestore.Client:
        with self._lock:
            if self._made is None:
                self._made = firestore.Client(self._project, database=self._database)
            return self._made


def _record(found: firestore.DocumentSnapshot) -> Record | None:
    return json.loads(found.get("record")) if found.exists else None


def _document(record: Record) -> dict[str, Any]:
    document = {
        "record": json.dumps(record, separators=(",", ":")),
        # The TTL policy reads timestamps and no numbers.
        "expires": datetime.fromtimestamp(record["expires"], UTC),
        "things": [thing for thing in record.get("things", []) if thing],
    }
    if record.get("uid"):
        document["uid"] = record["uid"]
    return document
