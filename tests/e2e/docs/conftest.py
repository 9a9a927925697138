"""One stack and two incomplete functions, shared by all tests of the page."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.debugging_stack import (
    MAX_ATTEMPTS,
    SIGNING_KEY,
    TOKEN,
    UPDATE,
    DebuggingStack,
    product,
)
from tests.support.running import free_port
from tests.support.serving import OAUTH1, Running, function


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DebuggingStack]:
    """A stack behind a token; the attempts of the event ``exhausted-1`` run out."""
    stack = DebuggingStack(
        tmp_path_factory.mktemp("stack"),
        INGEST_AUTH="token",
        INGEST_TOKENS=f"erp:{TOKEN}",
        MAX_BODY_BYTES="20000",
        COMMERCE_TIMEOUT_SECONDS="10",
        LOCAL_MAX_DELIVERY_ATTEMPTS=str(MAX_ATTEMPTS),
    )
    with stack:
        stack.commerce.fail(
            path="EXHAUSTED", times=None, status=503, message="Maintenance"
        )
        stack.publish(UPDATE, product("EXHAUSTED"), "exhausted-1")
        yield stack


@pytest.fixture(scope="package")
def ingest_alone() -> Iterator[Running]:
    """Ingest with signatures, without Pub/Sub and without ledger."""
    secret = "whsec_" + base64.b64encode(SIGNING_KEY).decode()
    with function(
        "ingest",
        PUBSUB_EMULATOR_HOST=f"127.0.0.1:{free_port()}",
        PUBLISH_TIMEOUT_SECONDS="1",
        INGEST_AUTH="hmac",
        INGEST_HMAC_SECRETS=f"erp:{secret}",
    ) as server:
        yield server


@pytest.fixture(scope="package")
def consumer_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A consumer that reaches neither Commerce nor ledger nor Pub/Sub."""
    folder: Path = tmp_path_factory.mktemp("consumer")
    folder.joinpath("file").touch()
    with function(
        "consumer",
        COMMERCE_BASE_URL=f"http://127.0.0.1:{free_port()}/rest/",
        PUBSUB_EMULATOR_HOST=f"127.0.0.1:{free_port()}",
        LEDGER=f"sqlite:{folder}/file/ledger",
        LEDGER_KEY="k" * 32,
        **OAUTH1,
    ) as server:
        yield server
