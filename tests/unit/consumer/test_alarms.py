"""Our sign-in, clock or address at fault: an alarm in the log, and no dead letter."""

import pytest

from functions.ledger.memory import MemoryStore
from tests.commerce.server import answer
from tests.consumer.parts import Parts, Shop, push

TOKEN = answer(200, {"access_token": "t", "expires_in": 86400})
SAID = {"message": "No"}


@pytest.fixture
def shop():
    with Shop() as running:
        yield running


def alarm(parts: Parts) -> tuple:
    """What the one delivery's line says, and how many dead letters there are."""
    status, _ = parts.deliver(push())
    [line] = [line for line in parts.lines if line["stage"] == "outcome"]
    assert status == line["verdict"]
    return line.get("alarm"), line["severity"], status, len(parts.letters.stored)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        pytest.param(answer(401, SAID), 401, id="signature refused"),
        pytest.param(answer(403, SAID), 403, id="not permitted"),
        pytest.param(
            answer(400, {"message": "oauth_problem=timestamp_refused"}), 401, id="clock"
        ),
        pytest.param(answer(404, b"<html>"), 503, id="another server"),
        pytest.param(
            answer(404, {"message": "Request does not match any route."}),
            503,
            id="no such route",
        ),
        pytest.param(answer(301, b"", Location="https://x.y/"), 503, id="redirect"),
        pytest.param(answer(200, b"<html>"), 503, id="a page"),
    ],
)
def test_what_is_ours_to_mend_is_an_alarm(shop, said, status):
    shop.says = said

    assert alarm(Parts(shop, MemoryStore())) == (True, "ERROR", status, 0)


@pytest.mark.parametrize(
    ("of_ims", "of_commerce", "status"),
    [
        pytest.param(answer(401, {}), answer(), 401, id="credentials refused"),
        pytest.param(answer(500, b""), answer(), 503, id="IMS fails"),
        pytest.param(TOKEN, answer(401, SAID), 401, id="token refused"),
        pytest.param(TOKEN, answer(403, SAID), 403, id="not permitted"),
    ],
)
def test_so_is_what_is_wrong_with_ims(shop, of_ims, of_commerce, status):
    shop.says = lambda r: of_ims if "ims" in r.target else of_commerce
    parts = Parts(
        shop,
        MemoryStore(),
        COMMERCE_CONSUMER_KEY="",
        OAUTH_CLIENT_ID="client",
        OAUTH_CLIENT_SECRET="very-secret-four",
        OAUTH_ORG_ID="org@AdobeOrg",
        OAUTH_BASE_URL=f"{shop.url}/ims/token/",
    )

    assert alarm(parts) == (True, "ERROR", status, 0)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_what_passes_by_itself_is_none(shop, status):
    shop.says = answer(status, SAID)

    assert alarm(Parts(shop, MemoryStore())) == (None, "ERROR", status, 0)


def test_a_wrong_secret_of_a_day_leaves_every_event_to_be_tried_again(shop):
    parts = Parts(shop, MemoryStore())
    shop.says = answer(401, {"message": "The signature is invalid."})
    for number in range(20):
        assert parts.deliver(push(uid=f"u{number}", message_id=f"m{number}"))[0] == 401

    shop.says = answer(200, {"id": 1})
    for number in range(20):
        assert parts.deliver(push(uid=f"u{number}", message_id=f"m{number}"))[0] == 200

    assert parts.letters.stored == []
