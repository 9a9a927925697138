"""The client on the wire: gentle, bounded in time, and sure of what it knows."""

import contextlib
import gzip
import logging
import socket
import ssl
import threading
import time

import pytest
import requests
import requests.exceptions as faults
import urllib3.exceptions as lower

from functions.commerce.client import LONGEST_PAUSE_SECONDS, Commerce
from functions.commerce.errors import Rejected, Unavailable
from functions.commerce.transport import no_answer
from tests.commerce.canned import PAAS, SAAS, commerce, response, settings
from tests.commerce.server import Server, answer, dripping

SAID = {"message": "no"}
PATIENCE_SECONDS = 30  # for what comes at once unless something is wrong


def client_of(server, **more):
    base = {**PAAS, "COMMERCE_BASE_URL": f"{server.url}/rest/"}
    return Commerce(settings(base, **more))


def unavailable(call) -> tuple:
    """Status of the error that *call* raises, and what is set of its flags."""
    with pytest.raises(Unavailable) as raised:
        call()
    flags = [
        name for name in ("effect_unknown", "alarm") if getattr(raised.value, name)
    ]
    return (raised.value.status, *flags)


# connections and time


def test_a_connection_is_kept_and_nothing_connects_before_the_first_call():
    with Server(lambda request: answer()) as server:
        client = client_of(server)
        time.sleep(0.05)
        assert server.connections == 0

        for _ in range(5):
            client.calls().post("products", {})

        assert server.connections == 1


def test_cookies_are_not_kept():
    with Server(lambda request: answer(Set_Cookie="PHPSESSID=1; path=/")) as server:
        shop = client_of(server).calls()
        shop.get("products")
        shop.get("products")

        assert "cookie" not in server.received[1].headers


def test_the_trace_goes_along_and_a_delete_has_no_body():
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with Server(lambda request: answer()) as server:
        client_of(server).calls(trace=trace).delete("customers/{id}", id=1)

        [request] = server.received
        assert request.headers["traceparent"] == trace
        assert "content-length" not in request.headers
        assert request.content == b""


def test_a_packed_answer_is_unpacked():
    def script(request):
        return answer(200, gzip.compress(b'{"a": "b"}'), Content_Encoding="gzip")

    with Server(script) as server:
        assert client_of(server).calls().get("products") == {"a": "b"}


def test_calls_at_once_are_bounded():
    three = threading.Barrier(3)

    def slow(request):
        three.wait(PATIENCE_SECONDS)
        time.sleep(0.05)  # in which a fourth would come
        return answer()

    with Server(slow) as server:
        client = client_of(server, COMMERCE_CONCURRENCY="3")
        threads = [
            threading.Thread(target=lambda: client.calls().post("products", {}))
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
                client.calls().post("products", {})

        first = threading.Thread(target=hang)
        first.start()
        while not server.received:
            time.sleep(0.01)

        # Half of the call's time for a place: the first would need all of it.
        verdict = unavailable(lambda: client.calls().post("products", {}))

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
        shop = client_of(server, COMMERCE_TIMEOUT_SECONDS="1").calls()

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
        shop = client_of(server, COMMERCE_TIMEOUT_SECONDS="1").calls()

        # Each byte comes soon enough, and all of them after twenty seconds.
        verdict = unavailable(lambda: shop.post("products", {}))

        assert verdict == (504, "effect_unknown")


def test_an_endless_answer_is_not_kept_in_memory():
    def endless(request):
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n"
        while True:
            yield b" " * 2**20

    with Server(endless) as server:
        shop = client_of(server).calls()

        assert unavailable(lambda: shop.get("products")) == (503, "effect_unknown")


# what a fault of the network tells


BROKE = (503, "effect_unknown")


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        pytest.param(b"", BROKE, id="before the answer"),
        # The library takes a half head for a whole one: an answer without content.
        pytest.param(b"HTTP/1.1 200 OK\r\nCo", (*BROKE, "alarm"), id="in its head"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ntr", BROKE, id="in its body"
        ),
        pytest.param(b"SSH-2.0-x\r\n", BROKE, id="no HTTP"),
    ],
)
def test_a_dropped_connection_leaves_the_effect_unknown(said, verdict):
    def then_drop(request):
        yield said
        raise OSError

    with Server(then_drop) as server:
        shop = client_of(server).calls()

        assert unavailable(lambda: shop.post("products", {})) == verdict


def test_libraries_below_log_no_url_and_no_signature(caplog):
    def then_drop(request):
        yield b"HTTP/1.1 200 OK\r\nCo"
        raise OSError

    caplog.set_level(logging.DEBUG)
    with Server(then_drop) as server:
        shop = client_of(server).calls()
        unavailable(lambda: shop.delete("products/{sku}", sku="a"))

    assert caplog.records == []


def test_nobody_listening_has_no_effect():
    with Server(lambda request: answer()) as server:
        client = client_of(server)
    # Closed now, and its port with it.
    assert unavailable(lambda: client.calls().post("products", {})) == (503,)


@pytest.fixture
def silent():
    """The URL of a machine that takes no more connections, and refuses none."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        # Its queue is full then, and Linux drops what knocks.
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0.1)
            with contextlib.suppress(TimeoutError):
                waiting.connect(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_who_does_not_take_our_connection_is_left_within_the_connect_timeout(silent):
    """An answer would have three minutes; a connection has a third of a second."""
    base = {**PAAS, "COMMERCE_BASE_URL": f"{silent}/rest/"}
    client = Commerce(
        settings(
            base, COMMERCE_CONNECT_TIMEOUT_SECONDS="0.3", COMMERCE_TIMEOUT_SECONDS="180"
        )
    )
    verdicts = []

    def call():
        verdicts.append(unavailable(lambda: client.calls().post("products", {})))

    caller = threading.Thread(target=call, daemon=True)
    caller.start()
    caller.join(PATIENCE_SECONDS)

    assert verdicts == [(503,)]


def test_a_host_that_is_not_to_be_found_has_no_effect():
    base = {**PAAS, "COMMERCE_BASE_URL": "https://nowhere.invalid/rest/"}
    client = Commerce(settings(base))

    assert unavailable(lambda: client.calls().post("products", {})) == (503,)


def test_a_handshake_that_fails_has_no_effect():
    with Server(lambda request: answer()) as server:
        url = server.url.replace("http://", "https://")
        client = Commerce(settings({**PAAS, "COMMERCE_BASE_URL": f"{url}/rest/"}))

        # The server reads our greeting as a line that never ends, and hangs up.
        timer = threading.Timer(0.2, server.close)
        timer.start()
        verdict = unavailable(lambda: client.calls().post("products", {}))
        timer.join()

    assert verdict[0] == 503


LOWER = [
    # what requests raises, status, whether the effect is unknown
    (faults.ConnectTimeout(), 503, False),
    (
        faults.ConnectionError(
            lower.MaxRetryError(None, "/", lower.NewConnectionError(None, "refused"))
        ),
        503,
        False,
    ),
    (
        faults.ConnectionError(
            lower.MaxRetryError(
                None, "/", lower.NameResolutionError("h", None, socket.gaierror())
            )
        ),
        503,
        False,
    ),
    (faults.ProxyError(lower.ProxyError("tunnel", OSError())), 503, False),
    (
        faults.SSLError(
            lower.MaxRetryError(
                None, "/", lower.SSLError(ssl.SSLCertVerificationError("expired"))
            )
        ),
        503,
        False,
    ),
    (
        faults.SSLError(
            lower.MaxRetryError(None, "/", lower.SSLError("UNEXPECTED_EOF"))
        ),
        503,
        True,
    ),
    (faults.ReadTimeout(), 504, True),
    (faults.ConnectionError(lower.ReadTimeoutError(None, "/", "")), 503, True),
    (faults.ConnectionError(lower.ProtocolError("aborted")), 503, True),
    (faults.ChunkedEncodingError(), 503, True),
    (faults.ContentDecodingError(), 503, True),
    (lower.ReadTimeoutError(None, "/", ""), 504, True),
    (lower.IncompleteRead(1, 2), 503, True),
    (lower.DecodeError(), 503, True),
    (ConnectionResetError(), 503, True),
]


@pytest.mark.parametrize(
    ("error", "status", "unknown"),
    LOWER,
    ids=[f"{type(row[0]).__name__} {row[1]} {row[2]}" for row in LOWER],
)
def test_a_fault_of_the_network_means(error, status, unknown):
    client, _ = commerce([error])

    verdict = unavailable(lambda: client.calls().post("products", {}))

    assert verdict == ((status, "effect_unknown") if unknown else (status,))


@pytest.mark.parametrize(
    "kind",
    [
        value
        for value in vars(faults).values()
        if isinstance(value, type)
        and issubclass(value, requests.RequestException)
        and value is not faults.JSONDecodeError
    ],
    ids=lambda kind: kind.__name__,
)
def test_no_fault_of_requests_is_left_out(kind):
    assert isinstance(no_answer(kind(), "GET x"), Unavailable)


def test_an_error_names_the_route_and_no_value():
    client, _ = commerce([faults.ConnectTimeout("https://shop/customers/4711")])

    with pytest.raises(Unavailable) as raised:
        client.calls().get("customers/{id}", id=4711)

    assert raised.value.message == (
        "GET customers/{id}: no connection (ConnectTimeout)"
    )


# hooks


def test_every_call_asks_for_its_time_and_is_seen_without_values():
    asked, seen = [], []
    client, _ = commerce(
        [response(200, {}), response(404, SAID), faults.ReadTimeout()],
        COMMERCE_TIMEOUT_SECONDS="12",
    )
    shop = client.calls(asked.append, lambda *call: seen.append(call))

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

    assert unavailable(lambda: client.calls(out_of_time).get("products")) == (503,)
    assert adapter.asked == []


def test_a_number_that_json_has_not_is_refused():
    client, adapter = commerce([])

    with pytest.raises(Rejected) as raised:
        client.calls().post("products", {"price": float("nan")})
    assert raised.value.status == 400
    assert adapter.asked == []


# Retry-After


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.mark.parametrize("status", [429, 503])
def test_commerce_is_left_alone_for_as_long_as_it_asked(status):
    clock = Clock()
    client, adapter = commerce(
        [response(status, SAID, Retry_After="30"), response(200, {})], clock=clock
    )
    unavailable(lambda: client.calls().get("products"))
    clock.now += 20

    with pytest.raises(Unavailable) as raised:
        client.calls().post("products", {})
    error = raised.value
    assert (error.status, error.retry_after, error.effect_unknown) == (503, 10, False)
    assert len(adapter.asked) == 1

    clock.now += 10
    assert client.calls().post("products", {}) == {}


def test_one_who_waits_for_a_place_hears_of_it_too():
    release = threading.Event()

    def throttled(request):
        release.wait(PATIENCE_SECONDS)
        return answer(429, SAID, Retry_After="30")

    with Server(throttled) as server:
        client = client_of(server, COMMERCE_CONCURRENCY="1")
        verdicts = []

        def first():
            verdicts.append(unavailable(lambda: client.calls().get("products")))

        calling = threading.Thread(target=first)
        calling.start()
        while not server.received:
            time.sleep(0.01)
        # Its time has been granted, it is about to ask for a place.
        second = client.calls(before=lambda seconds: release.set())
        verdicts.append(unavailable(lambda: second.post("products", {})))
        calling.join(PATIENCE_SECONDS)

        assert sorted(verdicts) == [(429,), (503,)]
        assert len(server.received) == 1


def test_no_token_is_fetched_for_a_call_that_is_not_sent():
    clock = Clock()
    token = response(200, {"access_token": "t", "expires_in": 300})
    throttled = response(429, SAID, Retry_After="600")
    client, adapter = commerce([token, throttled], SAAS, clock=clock)
    unavailable(lambda: client.calls().get("products"))
    clock.now += 400  # the token's end is past

    assert unavailable(lambda: client.calls().get("products")) == (503,)
    assert len(adapter.asked) == 2


@pytest.mark.parametrize("status", [408, 500])
def test_a_wait_in_another_answer_holds_nobody_else_back(status):
    client, _ = commerce([response(status, SAID, Retry_After="30"), response(200, {})])
    unavailable(lambda: client.calls().get("products"))

    assert client.calls().get("products") == {}


def test_a_wait_without_measure_is_cut_short():
    clock = Clock()
    client, _ = commerce(
        [response(429, SAID, Retry_After="99999999"), response(200, {})], clock=clock
    )
    unavailable(lambda: client.calls().get("products"))
    clock.now += LONGEST_PAUSE_SECONDS

    assert client.calls().get("products") == {}


# encoded paths under OAuth 1.0a

REFUSED = {"message": "The signature is invalid. Verify and try again."}
UNKNOWN = {"message": "Request does not match any route."}
SKEWED = {"message": "Incorrect timestamp value in the oauth_timestamp parameter"}
FORBIDDEN = {"message": "The consumer isn't authorized to access %resources."}


@pytest.mark.parametrize(
    ("first", "probe", "verdict"),
    [
        pytest.param(
            response(401, REFUSED), response(200, []), Rejected, id="the path's fault"
        ),
        pytest.param(
            response(401, REFUSED), response(403, FORBIDDEN), Rejected, id="known, but"
        ),
        pytest.param(
            response(401, REFUSED), response(401, REFUSED), Unavailable, id="ours"
        ),
        pytest.param(
            response(400, {"message": "oauth_problem=signature_invalid"}),
            response(200, []),
            Rejected,
            id="a 400 that counts as 401",
        ),
        pytest.param(
            response(400, SKEWED), response(400, SKEWED), Unavailable, id="the clock's"
        ),
        pytest.param(
            response(404, b"<html>"),
            response(200, []),
            Rejected,
            id="%2F at the server",
        ),
        pytest.param(
            response(404, UNKNOWN), response(200, []), Rejected, id="%2F decoded"
        ),
        pytest.param(
            response(404, b"<html>"),
            response(404, b"<html>"),
            Unavailable,
            id="address",
        ),
        pytest.param(
            response(401, REFUSED), faults.ConnectTimeout(), Unavailable, id="then down"
        ),
    ],
)
def test_a_refused_encoded_path_is_told_apart_by_one_harmless_call(
    first, probe, verdict
):
    client, adapter = commerce([first, probe])

    with pytest.raises(verdict):
        client.calls().delete("products/{sku}", sku="a b/c")

    assert [(asked.method, asked.path) for asked in adapter.asked] == [
        ("DELETE", "products/a%20b%2Fc"),
        ("GET", "store/storeConfigs"),
    ]


@pytest.mark.parametrize(
    ("said", "status", "paths"),
    [(response(401, REFUSED), 401, "signed paths"), (response(404), 404, "paths")],
    ids=["signature", "route"],
)
def test_a_store_that_refuses_such_paths_is_named_as_the_cause(said, status, paths):
    client, _ = commerce([said, response(200, [])])

    with pytest.raises(Rejected) as raised:
        client.calls().delete("products/{sku}", sku="a b")

    assert (raised.value.status, raised.value.message) == (
        status,
        f"Commerce answered {status} to DELETE products/{{sku}}: this store refuses"
        f" {paths} with these characters",
    )


def test_a_401_on_a_plain_path_needs_no_second_call():
    client, adapter = commerce([response(401, REFUSED)])

    verdict = unavailable(lambda: client.calls().delete("products/{sku}", sku="a-b"))

    assert verdict == (401, "alarm")
    assert len(adapter.asked) == 1


@pytest.mark.parametrize("base", [PAAS, SAAS], ids=["oauth1", "ims"])
@pytest.mark.parametrize(
    ("status", "document", "verdict"),
    [(500, b"<html>", Unavailable), (400, SAID, Rejected), (403, b"", Unavailable)],
)
def test_other_faults_on_an_encoded_path_need_no_second_call(
    base, status, document, verdict
):
    said = response(status, document)
    token = response(200, {"access_token": "t", "expires_in": 86400})
    client, adapter = commerce([said] if base is PAAS else [token, said], base)

    with pytest.raises(verdict) as raised:
        client.calls().delete("products/{sku}", sku="a b")

    assert "with these characters" not in raised.value.message
    assert [asked.method for asked in adapter.asked].count("GET") == 0


def test_a_missing_permission_on_an_encoded_path_needs_no_second_call():
    client, adapter = commerce([response(401, FORBIDDEN)])

    verdict = unavailable(lambda: client.calls().delete("products/{sku}", sku="a b"))

    assert verdict == (401, "alarm")
    assert len(adapter.asked) == 1


def test_under_ims_a_401_is_no_question_of_the_path():
    token = response(200, {"access_token": "t", "expires_in": 86400})
    again = response(200, {"access_token": "u", "expires_in": 86400})
    client, adapter = commerce(
        [token, response(401, REFUSED), again, response(401, REFUSED)], SAAS
    )

    verdict = unavailable(lambda: client.calls().delete("products/{sku}", sku="a b"))

    assert verdict == (401, "alarm")
    assert len(adapter.asked) == 4
