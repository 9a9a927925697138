"""Each read of a response gets only the time that is left."""

import io
import time

import pytest

from functions.http_client.deadline import DeadlineReader


class FakeSocket:
    """Records the last timeout."""

    timeout = None

    def settimeout(self, seconds):
        self.timeout = seconds


def test_a_read_gets_the_time_that_is_left():
    sock = FakeSocket()
    reader = DeadlineReader(io.BytesIO(b"data"), sock, time.monotonic() + 5)

    assert reader.read(4) == b"data"
    assert 4 < sock.timeout <= 5


def test_after_the_deadline_nothing_is_read():
    reader = DeadlineReader(io.BytesIO(b"data"), FakeSocket(), time.monotonic() - 1)

    with pytest.raises(TimeoutError):
        reader.read(4)
