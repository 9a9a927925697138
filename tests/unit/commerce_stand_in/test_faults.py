"""An invalid fault is rejected with the reason."""

import pytest

from local.commerce.faults import Faults


def test_an_invalid_fault_is_rejected(subtests):
    for fault, message in [
        ({}, "set status, delay_seconds or drop"),
        ({"status": 99}, "invalid status"),
        ({"status": 503, "times": 0}, "invalid times"),
        ({"status": 503, "path": "("}, "invalid path"),
        ({"drop": "now"}, "invalid drop"),
        ({"drop": "after", "status": 503}, "a dropped connection has no status"),
        ({"message": "x", "delay_seconds": 1}, "message and body need a status"),
        ({"delay_seconds": 1e9}, "invalid delay_seconds"),
        ({"status": 503, "headers": {"a": "b\n"}}, "invalid headers"),
        ({"staus": 503}, "unknown attribute staus"),
        ({"status": 503, "id": 7}, "unknown attribute id"),
    ]:
        with subtests.test(fault=fault):
            faults = Faults()

            with pytest.raises(ValueError, match=message):
                faults.add(**fault)
            assert faults.as_dicts() == []
