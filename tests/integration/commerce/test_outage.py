"""An outage of Commerce: no event is lost, and no delivery waits for its end."""

import threading
import time

import pytest

from functions.errors import Unavailable
from tests.support.commerce_server import (
    WAIT_SECONDS,
    RecordingServer,
    connection_to,
    raw_response,
)

EVENTS, THREADS = 20, 8


class FailingStore:
    """Records each SKU; fails as *mode* says until it is ``up``."""

    def __init__(self, mode):
        self.mode = mode
        self.skus = []
        self.release = threading.Event()

    def __call__(self, request):
        if self.mode == "hangs":
            self.release.wait(WAIT_SECONDS)
            return None
        if self.mode == "drops connections":
            return None
        if self.mode == "answers 503":
            return raw_response(503, b"<html>Maintenance</html>")
        self.skus.append(request.body["product"]["sku"])
        return raw_response(200, {})

    def recover(self):
        self.mode = "up"
        self.release.set()


class Deliveries:
    """Threads that deliver every event until Commerce accepts it."""

    def __init__(self, connection):
        self._connection = connection
        self._lock = threading.Lock()
        self._waiting = [f"SKU-{number}" for number in range(EVENTS)]
        self.failed = set()  # threads that have had an answer
        self.unexpected = []
        self.threads = [
            threading.Thread(target=self._deliver, daemon=True) for _ in range(THREADS)
        ]
        for thread in self.threads:
            thread.start()

    def _deliver(self):
        while sku := self._next():
            session = self._connection.session()
            try:
                session.post("products", {"product": {"sku": sku}})
            except Unavailable:
                with self._lock:
                    self.failed.add(threading.get_ident())
                    self._waiting.insert(0, sku)
                time.sleep(0.05)  # the backoff of Pub/Sub
            except Exception as error:
                self.unexpected.append(error)

    def _next(self):
        with self._lock:
            return self._waiting.pop() if self._waiting else None


@pytest.mark.parametrize("mode", ["hangs", "drops connections", "answers 503"])
def test_an_outage_loses_no_event(mode):
    store = FailingStore(mode)
    with RecordingServer(store) as server:
        deliveries = Deliveries(connection_to(server, COMMERCE_TIMEOUT_SECONDS="1"))
        end = time.monotonic() + WAIT_SECONDS
        while len(deliveries.failed) < THREADS:
            assert time.monotonic() < end
            time.sleep(0.01)
        assert store.skus == []

        store.recover()
        for thread in deliveries.threads:
            thread.join(WAIT_SECONDS)

        assert deliveries.unexpected == []
        assert sorted(store.skus) == sorted(f"SKU-{n}" for n in range(EVENTS))


def test_a_kept_connection_to_a_stopped_server_is_not_used():
    """Nothing can have been sent, so the call is known to have no effect."""
    with RecordingServer(lambda request: raw_response()) as server:
        connection = connection_to(server)
        connection.session().get("products")

    for _ in range(3):
        with pytest.raises(Unavailable) as raised:
            connection.session().get("products")
        assert (raised.value.status, raised.value.outcome_unknown) == (503, False)
