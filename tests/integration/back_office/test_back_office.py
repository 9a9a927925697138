"""The back office stand-in verifies webhooks and keeps the newest."""

import asyncio
import json
import time

import pytest
import requests

from functions.standard_webhooks import sign
from local.back_office import BackOffice
from tests.support.running_back_office import RunningBackOffice

EVENT = {"specversion": "1.0", "type": "commerce.order.created", "data": {"id": "8"}}


@pytest.fixture(scope="module")
def office():
    with RunningBackOffice(max_webhooks=5) as running:
        yield running


@pytest.fixture(autouse=True)
def _clear(office):
    office.back_office.webhooks.clear()
    office.back_office.faults.remove()


def post(office, webhook_id="e-1", secret=None, body=EVENT):
    content = json.dumps(body).encode()
    now = int(time.time())
    signature = sign([secret or office.back_office.secret], webhook_id, now, content)
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(now),
        "webhook-signature": signature,
    }
    return requests.post(office.url, data=content, headers=headers, timeout=10)


def outcomes(office):
    return [(each.webhook_id, each.outcome) for each in office.back_office.webhooks]


def test_a_signed_webhook_is_accepted(office):
    assert post(office).status_code == 200
    [webhook] = office.back_office.webhooks

    assert (webhook.type, webhook.document) == ("commerce.order.created", EVENT)
    assert (webhook.status, webhook.outcome) == (200, "accepted")


def test_another_secret_is_rejected(office):
    response = post(office, secret=BackOffice().secret)

    assert response.status_code == 401
    assert "TARGET_SECRETS" in response.json()["error"]
    assert outcomes(office) == [("e-1", "rejected")]


def test_a_second_attempt_is_a_duplicate(office):
    post(office)
    post(office)

    assert outcomes(office) == [("e-1", "accepted"), ("e-1", "duplicate")]


def test_only_the_newest_are_kept(office):
    for number in range(7):
        post(office, f"e-{number}")

    assert [webhook_id for webhook_id, _ in outcomes(office)] == [
        f"e-{number}" for number in range(2, 7)
    ]


def test_a_simulated_fault_ends_by_itself(office):
    office.control("POST", "faults", {"status": 503, "times": 1})

    assert post(office).status_code == 503
    assert post(office).status_code == 200
    assert outcomes(office) == [("e-1", "failed"), ("e-1", "accepted")]


@pytest.mark.parametrize(
    ("drop", "kept"), [("before", "failed"), ("after", "accepted")]
)
def test_a_dropped_connection_has_no_response(office, drop, kept):
    office.control("POST", "faults", {"drop": drop})

    with pytest.raises(requests.ConnectionError):
        post(office)
    assert outcomes(office) == [("e-1", kept)]


def test_its_control_interface_lists_and_forgets(office):
    post(office)

    [webhook] = office.control("GET", "webhooks")["webhooks"]
    assert webhook["document"] == EVENT
    assert office.control("DELETE", "webhooks") == {"webhooks": []}
    foreign = {"Origin": "https://evil.example"}
    url = office.url.replace("/webhooks", "/_control/webhooks")
    assert requests.get(url, headers=foreign, timeout=5).status_code == 403


def test_any_body_is_kept_as_far_as_it_can_be_read(office):
    assert post(office, body=["no object"]).status_code == 200
    assert office.back_office.webhooks[0].document is None


def test_its_environment_is_that_of_a_consumer():
    office = BackOffice()

    async def address():
        started = await office.start()
        await office.stop()
        return started

    started = asyncio.run(address())
    assert office.environment(f"http://{started}") == {
        "TARGET_URL": f"http://{started}/webhooks",
        "TARGET_SECRETS": office.secret,
    }
