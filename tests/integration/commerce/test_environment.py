"""What the client reads from the environment: proxies."""

import pytest

from functions.commerce.client import CommerceConnection
from functions.errors import Unavailable
from tests.support.commerce_adapter import PAAS, commerce_settings
from tests.support.commerce_server import RecordingServer, raw_response
from tests.support.commerce_signatures import is_signed


def connection_at(url: str) -> CommerceConnection:
    return CommerceConnection(
        commerce_settings({**PAAS, "COMMERCE_BASE_URL": f"{url}/rest"})
    )


def test_a_proxy_comes_from_the_environment(monkeypatch):
    with RecordingServer(lambda request: raw_response()) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)

        connection_at("http://localhost:9").session().delete(
            "products/{sku}", sku="a b/é"
        )

        [request] = proxy.received
    path = "/rest/all/V1/products/a%20b%2F%C3%A9"
    assert request.target == f"http://localhost:9{path}"
    assert is_signed(request, "http://localhost:9", path)


def test_hosts_in_no_proxy_are_called_directly(monkeypatch):
    with (
        RecordingServer(lambda request: raw_response()) as proxy,
        RecordingServer(lambda request: raw_response()) as store,
    ):
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")

        connection_at(store.url).session().get("products")

        assert (len(proxy.received), len(store.received)) == (0, 1)


def test_an_unreachable_proxy_has_no_effect(monkeypatch):
    with RecordingServer(lambda request: raw_response()) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        connection = connection_at("http://localhost:9")

    with pytest.raises(Unavailable) as raised:
        connection.session().post("products", {})

    assert (raised.value.status, raised.value.outcome_unknown) == (503, False)
