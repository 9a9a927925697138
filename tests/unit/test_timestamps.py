"""Timestamps: one form, whatever they come from."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from functions.timestamps import normalize_timestamp, timestamp

TIME = "2026-01-02T03:04:05.000006Z"
SUMMER = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("time", "text"),
    [
        pytest.param(datetime(2026, 1, 2, 3, 4, 5, 6, UTC), TIME, id="utc"),
        pytest.param(
            datetime(2026, 1, 2, 3, 4, 5, 0, UTC),
            "2026-01-02T03:04:05.000000Z",
            id="whole second",
        ),
        pytest.param(datetime(2026, 1, 2, 5, 4, 5, 6, SUMMER), TIME, id="other zone"),
    ],
)
def test_timestamp_has_six_digits_and_z(time, text):
    assert timestamp(time) == text
    assert datetime.fromisoformat(text) == time


def test_timestamp_defaults_to_now():
    before = datetime.now(UTC)

    assert before <= datetime.fromisoformat(timestamp()) <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        (TIME, TIME),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02T05:04:05.000006+02:00", TIME),
        ("2026-01-02T03:04:05", None),
        ("yesterday", None),
        ("0001-01-01T00:00:00+01:00", None),
        ("9999-12-31T23:59:59-01:00", None),
        ("", None),
    ],
)
def test_other_forms_are_normalized(text, normalized):
    assert normalize_timestamp(text) == normalized
