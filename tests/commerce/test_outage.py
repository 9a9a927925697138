"""An outage of Commerce: no event is lost by it, and the client stays responsive."""

import threading
import time

import pytest

from functions.commerce.client import Commerce
from functions.commerce.errors import Unavailable
from tests.commerce.canned import PAAS, settings
from tests.commerce.server import Server, answer

OUTAGE_SECONDS = 3.0  # stands for a minute: every time below is shortened alike
CALL_SECONDS = 1.0


class Shop:
    """Takes each SKU once; may hang, drop or refuse instead."""

    def __init__(self):
        self.mode = "up"
        self.taken = []
        self.release = threading.Event()

    def __call__(self, request):
        if self.mode == "hanging":
            self.release.wait(OUTAGE_SECONDS)
            return None
        if self.mode == "dropping":
            return None
        if self.mode == "refusing":
            return answer(503, b"<html>Maintenance</html>")
        self.taken.append(request.body["product"]["sku"])
        return answer(200, {})


@pytest.mark.parametrize("mode", ["hanging", "dropping", "refusing"])
def test_no_event_is_lost_and_every_caller_is_answered_in_time(mode):
    """Eight threads deliver twenty events, each again until it is taken."""
    shop = Shop()
    with Server(shop) as server:
        client = Commerce(
            settings(
                {**PAAS, "COMMERCE_BASE_URL": f"{server.url}/rest/"},
                COMMERCE_TIMEOUT_SECONDS=str(CALL_SECONDS),
                COMMERCE_CONNECT_TIMEOUT_SECONDS="0.3",
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
                began = time.monotonic()
                try:
                    client.calls().post("products", {"product": {"sku": sku}})
                except Unavailable:
                    with lock:
                        left.insert(0, sku)
                    time.sleep(0.05)  # Pub/Sub's back-off
                except Exception as error:
                    surprises.append(error)
                attempts.append(time.monotonic() - began)

        shop.mode = mode
        threads = [threading.Thread(target=deliver) for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(OUTAGE_SECONDS)
        assert shop.taken == []
        assert len(attempts) >= 8

        shop.mode = "up"
        shop.release.set()
        for thread in threads:
            thread.join(20)

        assert surprises == []
        assert sorted(shop.taken) == sorted(f"SKU-{i}" for i in range(20))
        # Waiting for a place and the call itself together.
        assert max(attempts) < CALL_SECONDS * 2


def test_a_server_that_is_gone_is_noticed_at_once():
    with Server(lambda request: answer()) as server:
        client = Commerce(
            settings({**PAAS, "COMMERCE_BASE_URL": f"{server.url}/rest/"})
        )
        client.calls().get("products")

    began = time.monotonic()
    for _ in range(50):
        with pytest.raises(Unavailable) as raised:
            client.calls().get("products")
        assert (raised.value.status, raised.value.effect_unknown) == (503, False)

    assert time.monotonic() - began < 2
