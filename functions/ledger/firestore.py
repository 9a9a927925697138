"""A store in Firestore: for any number of instances, without a server of one's own.

A record is one document of the collection ``ledger``: its JSON in ``record``, beside it
what is looked for (``uid``, ``resources``) and what the TTL policy reads (``expires``).
"""

import json
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError
from google.cloud import firestore

from functions.ledger.store import LedgerUnavailable, Record, T, Update

COLLECTION = "ledger"
SECONDS = 10.0  # for one change or read, with all its tries: less than a lease's margin
FIRST_WAIT_SECONDS = 0.02
LONGEST_WAIT_SECONDS = 1.0
LEAST_SECONDS = 0.1  # for one call, however late it is

Left = Callable[[], float]  # seconds there still are

# Somebody wrote one of the records between our reading and our commit.
OVERTAKEN = (
    exceptions.Aborted,
    exceptions.AlreadyExists,
    exceptions.FailedPrecondition,
    exceptions.NotFound,
)
# Nobody knows whether it was done: every rule takes being run again after itself.
PASSING = (exceptions.InternalServerError, exceptions.ServiceUnavailable)


class FirestoreStore:
    """Records as documents; connects when first used.

    A change is an optimistic transaction: what was read is the precondition of one
    atomic commit. (Transactions with locks make each that meets another wait for
    seconds, and take one call more.)

    Args:
        project: Google Cloud project id.
        database: name of the database.
        seconds: for one change or read, with all its tries.
    """

    def __init__(self, project: str, database: str, seconds: float = SECONDS) -> None:
        self._project = project
        self._database = database
        self._seconds = seconds
        self._made: firestore.Client | None = None
        self._lock = Lock()

    def change(self, keys: Sequence[str], update: Update[T]) -> T:
        return self._until_done(lambda left: self._change(keys, update, left))

    def get(self, key: str) -> Record | None:
        return self._until_done(lambda left: _record(self._read([key], left())[0]))

    def find(self, field: str, value: str) -> list[tuple[str, Record]]:
        operator = {"uid": "==", "resources": "array_contains"}[field]
        wanted = firestore.FieldFilter(field, operator, value)

        def asked(left: Left) -> list[tuple[str, Record]]:
            query = self._client().collection(COLLECTION).where(filter=wanted)
            found = query.stream(retry=None, timeout=left())
            return [(document.id, _record(document)) for document in found]

        return self._until_done(asked)

    def _until_done(self, ask: Callable[[Left], T]) -> T:
        end, wait = time.monotonic() + self._seconds, FIRST_WAIT_SECONDS

        def left() -> float:
            return max(end - time.monotonic(), LEAST_SECONDS)

        while True:
            try:
                return ask(left)
            except OVERTAKEN + PASSING as error:
                # Between half and all of it, so that two do not meet again.
                pause = wait * random.uniform(0.5, 1)  # noqa: S311 no secret
                if time.monotonic() + pause > end:
                    raise _unavailable(error) from error
                time.sleep(pause)
                wait = min(2 * wait, LONGEST_WAIT_SECONDS)
            except (exceptions.GoogleAPIError, GoogleAuthError) as error:
                raise _unavailable(error) from error

    def _change(self, keys: Sequence[str], update: Update[T], left: Left) -> T:
        found = self._read(keys, left())
        before = [_record(document) for document in found]
        after, result = update(before)
        if after == before:
            return result
        client = self._client()
        batch = client.batch()
        # All that was read is a precondition, also what stays as it is: the change may
        # rest on it. (Our rules change every record they read, so this costs nothing.)
        for document, new in zip(found, after, strict=True):
            place = document.reference
            if not document.exists:
                if new is None:
                    batch.delete(place, client.write_option(exists=False))
                else:
                    batch.create(place, _document(new))
                continue
            as_read = client.write_option(last_update_time=document.update_time)
            if new is None:
                batch.delete(place, as_read)
            else:
                batch.update(place, _document(new), as_read)
        batch.commit(retry=None, timeout=left())
        return result

    def _read(
        self, keys: Sequence[str], seconds: float
    ) -> list[firestore.DocumentSnapshot]:
        """The documents of *keys*, in their order, all as of one moment."""
        client = self._client()
        places = [client.collection(COLLECTION).document(key) for key in keys]
        found = client.get_all(places, retry=None, timeout=seconds)
        by_key = {document.id: document for document in found}
        return [by_key[key] for key in keys]

    def _client(self) -> firestore.Client:
        with self._lock:
            if self._made is None:
                self._made = firestore.Client(self._project, database=self._database)
            return self._made


def _unavailable(error: Exception) -> LedgerUnavailable:
    return LedgerUnavailable(f"Firestore: {type(error).__name__}")


def _record(document: firestore.DocumentSnapshot) -> Record | None:
    return json.loads(document.get("record")) if document.exists else None


def _document(record: Record) -> dict[str, Any]:
    """All fields each time, since an update leaves alone what it does not name."""
    return {
        "record": json.dumps(record, ensure_ascii=False, separators=(",", ":")),
        # The TTL policy reads timestamps and no numbers.
        "expires": datetime.fromtimestamp(record["expires"], UTC),
        "resources": [resource for resource in record.get("resources", []) if resource],
        "uid": record.get("uid"),
    }
