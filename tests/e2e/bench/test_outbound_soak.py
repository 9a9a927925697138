"""Small soaks of the outbound direction, and of both, find no violation."""

from tests.support.soak_command import small_soak


def test_a_small_soak_has_no_violation(tmp_path):
    never = ("--kill-every", "9999", "--lock-every", "9999")
    few = ("--outbound", "--events", "60")
    status, counts, output = small_soak(tmp_path, *few, *never)

    assert status == 0, output
    assert counts["events accepted"] == 60
    assert counts["webhooks applied"] > 0
    assert counts["violations"] == 0
    for fault in ("lists", "deliveries that others overtook"):
        assert counts[fault] > 0


def test_changes_of_both_sides_come_to_rest(tmp_path):
    status, counts, output = small_soak(tmp_path, "--two-way", "--events", "60")

    assert status == 0, output
    assert counts["edits in Commerce"] > 0
    assert counts["changes posted back"] > 0
    assert counts["skipped as our own change"] > 0
