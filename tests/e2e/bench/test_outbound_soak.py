"""Small soaks of the outbound direction, and of both, find no violation."""

from tests.e2e.bench.soak_command import small_soak

NEVER = ("--kill-every", "9999", "--lock-every", "9999")


def test_a_small_soak_has_no_violation(tmp_path):
    few = ("--outbound", "--events", "60")
    status, counts, output = small_soak(tmp_path, *few, *NEVER)

    assert status == 0, output
    assert counts["events accepted"] == 60
    assert counts["webhooks applied"] > 0
    assert counts["violations"] == 0
    for fault in ("lists", "deliveries that others overtook"):
        assert counts[fault] > 0


def test_changes_of_both_sides_come_to_rest(tmp_path):
    few = ("--two-way", "--events", "40", "--consumers", "1")
    status, counts, output = small_soak(tmp_path, *few, *NEVER)

    assert status == 0, output
    assert counts["edits that reached the third party"] > 0
    assert counts["third party: changes posted back"] > 0
    assert counts["skipped as our own change"] > 0


def test_without_notes_a_loop_is_found(tmp_path):
    few = ("--two-way", "--events", "10", "--consumers", "1")
    status, counts, output = small_soak(tmp_path, *few, *NEVER, "--echo-seconds", "0")

    assert status == 1
    assert "VIOLATION  change that went round again and again" in output
    assert counts["skipped as our own change"] == 0
