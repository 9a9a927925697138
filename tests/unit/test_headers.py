"""Look-ups of headers, as rules of integrators write them."""

import pytest

from functions.web.headers import Headers

RAW = [(b"x-proxy-proof", b"first"), (b"x-proxy-proof", b"second"), (b"host", b"h")]


@pytest.mark.parametrize("name", ["x-proxy-proof", "X-Proxy-Proof", "X-PROXY-PROOF"])
def test_names_have_no_case(name):
    headers = Headers(RAW)

    assert name in headers
    assert headers[name] == headers.get(name) == "first"


def test_an_absent_header_has_the_default():
    headers = Headers(RAW)

    assert "X-Api-Key" not in headers
    assert headers.get("X-Api-Key") is None
    assert headers.get("X-Api-Key", "") == ""
