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


def test_incomplete_labels_are_not_a_push_config(subtests):
    for name, labels in [
        ("none", {}),
        ("first missing", {"paused-push-1": "aaaa"}),
        ("too short", {"paused-push-0": "a"}),
        ("not base32", {"paused-push-0": "0189"}),
        ("a gap", {**to_labels(AUTHENTICATED), "paused-push-2": ""}),
    ]:
        with subtests.test(name):
            with pytest.raises(PushConfigMissing):
                from_labels(labels)
