"""An outage of Commerce: no event is lost by it, and no caller waits for its end."""

import threading
import time

import pytest

from functions.commerce.client import CommerceConnection
from functions.commerce.errors import Unavailable
from tests.commerce.canned import PAAS, settings
from tests.commerce.server import Server, answer

PATIENCE_SECONDS = 30
ATTEMPTS = 16  # answered before the outage ends: each thread has come back by then


class Shop:
    """Takes each SKU; may hang, drop or refuse instead."""

    def __init__(self, mode):
        self.mode = mode
        self.taken = []
        self.release = threading.Event()

    def __call__(self, request):
        if self.mode == "hanging":
            self.release.wait(PATIENCE_SECONDS)
            return None
        if self.mode == "dropping":
            return None
        if self.mode == "refusing":
            return answer(503, b"<html>Maintenance</html>")
        self.taken.append(request.body["product"]["sku"])
        return answer(200, {})


@pytest.mark.parametrize("mode", ["hanging", "dropping", "refusing"])
def test_no_event_is_lost_and_every_caller_is_answered_amid_the_outage(mode):
    """Eight threads deliver twenty events, each again until it is taken."""
    shop = Shop(mode)
    with Server(shop) as server:
        client = CommerceConnection(
            settings(
                {**PAAS, "COMMERCE_BASE_URL": f"{server.url}/rest/"},
                COMMERCE_TIMEOUT_SECONDS="1",
            )
        )
        left, lock = [f"SKU-{i}" for i in range(20)], threading.Lock()
        attempts, surprises = [], []

        def deliver():
            while True:
                with lock:
                    if not left:
                        return
                    sku = left.pop()
                try:
                    client.session().post("products", {"product": {"sku": sku}})
                except Unavailable:
                    with lock:
                        left.insert(0, sku)
                    time.sleep(0.05)  # Pub/Sub's back-off
                except Exception as error:
                    surprises.append(error)
                attempts.append(sku)

        threads = [threading.Thread(target=deliver, daemon=True) for _ in range(8)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + PATIENCE_SECONDS
        while len(attempts) < ATTEMPTS:
            assert time.monotonic() < end
            time.sleep(0.01)
        assert shop.taken == []

        shop.mode = "up"
        shop.release.set()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)

        assert surprises == []
        assert sorted(shop.taken) == sorted(f"SKU-{i}" for i in range(20))


def test_a_server_that_is_gone_is_no_connection_that_broke():
    """Though one was kept: it is not used again, and nothing can have been sent."""
    with Server(lambda request: answer()) as server:
        client = CommerceConnection(
            settings({**PAAS, "COMMERCE_BASE_URL": f"{server.url}/rest/"})
        )
        client.session().get("products")

    for _ in range(3):
        with pytest.raises(Unavailable) as raised:
            client.session().get("products")
        assert (raised.value.status, raised.value.effect_unknown) == (503, False)
