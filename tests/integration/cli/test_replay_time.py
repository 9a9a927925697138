"""The event time of a replay, whose publish time is another than the first one."""

import pytest

from functions.events import samples

CREATE = "catalog_product_create"
PRODUCT = samples.value(f"be-observer.{CREATE}")
FIRST = "2026-10-05T12:00:00.000000Z"  # as Pub/Sub keeps it of an exhausted message


@pytest.mark.parametrize(
    ("time", "replayed"),
    [
        pytest.param("2026-10-05T11:59:59Z", "2026-10-05T11:59:59Z", id="earlier"),
        pytest.param("2099-01-01T00:00:00Z", FIRST, id="in the future"),
        pytest.param("soon", FIRST, id="no time"),
    ],
)
def test_an_exhausted_event_keeps_the_time_that_counted(deployment, time, replayed):
    """Otherwise a replay could overtake what came after the event."""
    deployment.add_exhausted(CREATE, PRODUCT, "u1", **{"ce-time": time})

    deployment.run_json("replay", "--all", "--even-if-newer")

    [message] = deployment.published("product")
    assert message.attributes["ce-time"] == replayed


def test_a_rejected_event_keeps_its_time(deployment):
    deployment.add_rejected(CREATE, PRODUCT, "u1", time=FIRST)

    deployment.run_json("replay", "--all", "--even-if-newer")

    [message] = deployment.published("product")
    assert message.attributes["ce-time"] == FIRST
