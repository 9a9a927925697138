"""One stack, and functions that miss something, for all entries of the page."""

import base64

import pytest

from tests.docs.debugging.parts import KEY, TOKEN, UPDATE, Bench, product
from tests.running import free_port
from tests.serving import OAUTH1, function


@pytest.fixture(scope="package")
def stack(tmp_path_factory):
    bench = Bench(
        tmp_path_factory.mktemp("stack"),
        INGEST_AUTH="token",
        INGEST_TOKENS=f"erp:{TOKEN}",
        MAX_BODY_BYTES="20000",
        COMMERCE_TIMEOUT_SECONDS="10",
        LOCAL_MAX_DELIVERY_ATTEMPTS="30",
    )
    with bench:
        # Its tries run out while the other entries are looked at.
        bench.shop.fail(path="TIRED", times=None, status=503)
        bench.taken(UPDATE, product("TIRED"), "tired-1")
        yield bench


@pytest.fixture(scope="package")
def lonely():
    """Ingest that asks for signatures, without Pub/Sub and without a ledger."""
    secret = "whsec_" + base64.b64encode(KEY).decode()
    with function(
        "ingest",
        PUBSUB_EMULATOR_HOST=f"127.0.0.1:{free_port()}",
        PUBLISH_TIMEOUT_SECONDS="1",
        INGEST_AUTH="hmac",
        INGEST_HMAC_SECRETS=f"erp:{secret}",
    ) as server:
        yield server


@pytest.fixture(scope="package")
def astray(tmp_path_factory):
    """A consumer that finds neither Commerce nor its ledger nor Pub/Sub."""
    (folder := tmp_path_factory.mktemp("astray")).joinpath("file").touch()
    with function(
        "consumer",
        COMMERCE_BASE_URL=f"http://127.0.0.1:{free_port()}/rest/",
        PUBSUB_EMULATOR_HOST=f"127.0.0.1:{free_port()}",
        LEDGER=f"sqlite:{folder}/file/ledger",
        **OAUTH1,
    ) as server:
        yield server
