"""A push configuration is kept in labels, whole or not at all."""

import pytest

from cli.pausing import PushConfigMissing, from_labels, to_labels
from tests.support.cli_push_config import AUTHENTICATED


def test_a_push_config_fits_into_labels():
    labels = to_labels(AUTHENTICATED)

    assert from_labels(labels) == AUTHENTICATED
    assert len(labels) < 10
    for name, value in labels.items():
        assert len(name) <= 63
        assert 0 < len(value) <= 63
        assert (name + value).lower() == name + value
        assert (name + value).replace("-", "").isalnum()


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param({}, id="none"),
        pytest.param({"paused-push-1": "aaaa"}, id="first missing"),
        pytest.param({"paused-push-0": "a"}, id="too short"),
        pytest.param({"paused-push-0": "0189"}, id="not base32"),
        pytest.param({**to_labels(AUTHENTICATED), "paused-push-2": ""}, id="a gap"),
    ],
)
def test_incomplete_labels_are_not_a_push_config(labels):
    with pytest.raises(PushConfigMissing):
        from_labels(labels)
