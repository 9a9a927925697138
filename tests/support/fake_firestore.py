"""What ``FirestoreStore`` needs of Firestore's client, in memory."""

from collections.abc import Iterable, Iterator
from itertools import count
from types import SimpleNamespace
from typing import Any

from google.api_core import exceptions


class FakeFirestore:
    """One collection, whose documents have an update time.

    Attributes:
        lose: ``""``, or of the next commit: ``"request"`` or ``"response"``.
    """

    def __init__(self) -> None:
        self.documents: dict[str, tuple[dict[str, Any], int]] = {}
        self.lose = ""
        self.clock = count(1)

    def collection(self, name: str) -> "FakeFirestore":
        return self

    def document(self, key: str) -> str:
        return key

    def write_option(self, **condition: Any) -> dict[str, Any]:
        return condition

    def batch(self) -> "FakeBatch":
        return FakeBatch(self)

    def get_all(self, keys: Iterable[str], **call: Any) -> Iterator[Any]:
        for key in keys:
            data, update_time = self.documents.get(key, (None, None))
            yield _snapshot(key, data, update_time)

    def where(self, filter: Any) -> Any:
        field, value = filter.field_path, filter.value
        matching = [
            _snapshot(key, data, update_time)
            for key, (data, update_time) in self.documents.items()
            if data[field] == value or value in (data["resources"] or ())
        ]
        return SimpleNamespace(stream=lambda **call: iter(matching))


class FakeBatch:
    """Writes that are committed together, on their conditions."""

    def __init__(self, client: FakeFirestore) -> None:
        self.client = client
        self.writes: list[tuple[str, dict[str, Any] | None, dict[str, Any]]] = []

    def create(self, key: str, data: dict[str, Any]) -> None:
        self.writes.append((key, data, {"exists": False}))

    def update(self, key: str, data: dict[str, Any], option: dict[str, Any]) -> None:
        self.writes.append((key, data, option))

    def delete(self, key: str, option: dict[str, Any]) -> None:
        self.writes.append((key, None, option))

    def commit(self, **call: Any) -> list[Any]:
        lost, self.client.lose = self.client.lose, ""
        if lost == "request":
            raise exceptions.ServiceUnavailable("lost")
        documents = self.client.documents
        for key, _, condition in self.writes:
            self.check(documents.get(key), condition)
        now = next(self.client.clock)
        for key, data, _ in self.writes:
            if data is None:
                documents.pop(key, None)
            else:
                documents[key] = (data, now)
        if lost == "response":
            raise exceptions.ServiceUnavailable("lost")
        return [SimpleNamespace(update_time=now) for _ in self.writes]

    @staticmethod
    def check(stored: tuple[Any, int] | None, condition: dict[str, Any]) -> None:
        """Raise the client's error for a condition that does not hold."""
        if "exists" in condition:
            if stored is not None:
                raise exceptions.AlreadyExists("exists")
        elif stored is None:
            raise exceptions.NotFound("does not exist")
        elif stored[1] != condition["last_update_time"]:
            raise exceptions.FailedPrecondition("changed")


def _snapshot(key: str, data: dict[str, Any] | None, update_time: int | None) -> Any:
    get = None if data is None else data.__getitem__
    return SimpleNamespace(
        id=key, exists=data is not None, get=get, update_time=update_time
    )
