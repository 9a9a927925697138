"""Timestamps in one form."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from functions.timestamps import normalize_timestamp, timestamp

TIME = "2026-01-02T03:04:05.000006Z"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 6, UTC), TIME),
        (datetime(2026, 1, 2, 3, 4, 5, 0, UTC), "2026-01-02T03:04:05.000000Z"),
        (
            datetime(2026, 1, 2, 5, 4, 5, 6, timezone(timedelta(hours=2))),
            TIME,
        ),
    ],
)
def test_a_time_has_six_digits_and_z(moment, text):
    assert timestamp(moment) == text
    assert datetime.fromisoformat(text) == moment


def test_a_timestamp_is_now_by_default():
    before = datetime.now(UTC)
    now = datetime.fromisoformat(timestamp())

    assert before <= now <= datetime.now(UTC)


def test_a_timestamp_is_normalized(subtests):
    for text, normal in [
        (TIME, TIME),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02T05:04:05.000006+02:00", TIME),
        ("2026-01-02T03:04:05", None),
        ("yesterday", None),
        ("0001-01-01T00:00:00+01:00", None),
        ("9999-12-31T23:59:59-01:00", None),
        ("", None),
    ]:
        with subtests.test(text=text):
            assert normalize_timestamp(text) == normal
