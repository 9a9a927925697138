"""The client on the wire: gentle, bounded in time, and who is told of its calls."""

import contextlib
import gzip
import threading
import time

import pytest
import requests.exceptions as faults

from functions.commerce.errors import Rejected, Unavailable
from tests.commerce.canned import commerce, response
from tests.commerce.clients import PATIENCE_SECONDS, SAID, client_of, unavailable
from tests.commerce.server import Server, answer, dripping

# connections and time


def test_a_connection_is_kept_and_nothing_connects_before_the_first_call():
    with Server(lambda request: answer()) as server:
        client = client_of(server)
        time.sleep(0.05)
        assert server.connections == 0

        for _ in range(5):
            client.session().post("products", {})

        assert server.connections == 1


def test_cookies_are_not_kept():
    with Server(lambda request: answer(Set_Cookie="PHPSESSID=1; path=/")) as server:
        shop = client_of(server).session()
        shop.get("products")
        shop.get("products")

        assert "cookie" not in server.received[1].headers


def test_the_trace_goes_along_and_a_delete_has_no_body():
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with Server(lambda request: answer()) as server:
        client_of(server).session(trace=trace).delete("customers/{id}", id=1)

        [request] = server.received
        assert request.headers["traceparent"] == trace
        assert "content-length" not in request.headers
        assert request.content == b""


def test_a_packed_answer_is_unpacked():
    def script(request):
        return answer(200, gzip.compress(b'{"a": "b"}'), Content_Encoding="gzip")

    with Server(script) as server:
        assert client_of(server).session().get("products") == {"a": "b"}


def test_calls_at_once_are_bounded():
    three = threading.Barrier(3)

    def slow(request):
        three.wait(PATIENCE_SECONDS)
        time.sleep(0.05)  # in which a fourth would come
        return answer()

    with Server(slow) as server:
        client = client_of(server, COMMERCE_CONCURRENCY="3")
        threads = [
            threading.Thread(target=lambda: client.session().post("products", {}))
            for _ in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)

        assert len(server.received) == 12
        assert server.most_at_once == 3
        assert server.connections == 3


def test_waiting_too_long_for_a_place_has_no_effect():
    release = threading.Event()

    def hanging(request):
        release.wait(PATIENCE_SECONDS)
        return answer()

    with Server(hanging) as server:
        client = client_of(
            server, COMMERCE_CONCURRENCY="1", COMMERCE_TIMEOUT_SECONDS="3"
        )

        def hang():
            with contextlib.suppress(Unavailable):
                client.session().post("products", {})

        first = threading.Thread(target=hang)
        first.start()
        while not server.received:
            time.sleep(0.01)

        # Half of the call's time for a place: the first would need all of it.
        verdict = unavailable(lambda: client.session().post("products", {}))

        assert verdict == (503,)
        assert len(server.received) == 1
        release.set()
        first.join(PATIENCE_SECONDS)


def test_an_answer_that_does_not_come_ends_in_time():
    release = threading.Event()

    def hanging(request):
        release.wait(PATIENCE_SECONDS)
        return answer()

    with Server(hanging) as server:
        shop = client_of(server, COMMERCE_TIMEOUT_SECONDS="1").session()

        verdict = unavailable(lambda: shop.post("products", {}))

        # It would have come in the end: only our own clock ends the wait.
        assert verdict == (504, "effect_unknown")
        assert not release.is_set()
        release.set()


def test_an_answer_that_drips_ends_in_time():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"

    def script(request):
        yield head
        yield from dripping(b"1" * 1000, 0.02)

    with Server(script) as server:
        shop = client_of(server, COMMERCE_TIMEOUT_SECONDS="1").session()

        # Each byte comes soon enough, and all of them after twenty seconds.
        verdict = unavailable(lambda: shop.post("products", {}))

        assert verdict == (504, "effect_unknown")


def test_an_endless_answer_is_not_kept_in_memory():
    def endless(request):
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n"
        while True:
            yield b" " * 2**20

    with Server(endless) as server:
        shop = client_of(server).session()

        assert unavailable(lambda: shop.get("products")) == (503, "effect_unknown")


# hooks


def test_every_call_asks_for_its_time_and_is_seen_without_values():
    asked, seen = [], []
    client, _ = commerce(
        [response(200, {}), response(404, SAID), faults.ReadTimeout()],
        COMMERCE_TIMEOUT_SECONDS="12",
    )
    shop = client.session(asked.append, lambda *call: seen.append(call))

    shop.get("orders/{id}", {"fields": "status"}, id=4711)
    with pytest.raises(Rejected):
        shop.put("products/{sku}", {"secret": 1}, sku="4711")
    with pytest.raises(Unavailable):
        shop.post("customers", {"secret": 1})

    assert asked == [12.0, 12.0, 12.0]
    assert [call[:3] for call in seen] == [
        ("GET", "orders/{id}", 200),
        ("PUT", "products/{sku}", 404),
        ("POST", "customers", None),
    ]
    assert all(call[3] >= 0 for call in seen)


def test_what_comes_before_a_call_can_stop_it():
    def out_of_time(seconds):
        raise Unavailable(503, "Out of time")

    client, adapter = commerce([])

    assert unavailable(lambda: client.session(out_of_time).get("products")) == (503,)
    assert adapter.asked == []


def test_a_number_that_json_has_not_is_refused():
    client, adapter = commerce([])

    with pytest.raises(Rejected) as raised:
        client.session().post("products", {"price": float("nan")})
    assert raised.value.status == 400
    assert adapter.asked == []
