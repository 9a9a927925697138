"""Lanes send in parallel, each in order, and hold the reader back."""

import time
from threading import Event as Flag
from threading import Thread

import pytest

from cli.imports.events import Batch
from cli.imports.lanes import Lanes


def test_a_lane_sends_in_order_and_holds_the_reader_back():
    gate, sent, put = Flag(), [], []

    def send(batch):
        gate.wait(10)
        sent.append(batch.events[0])

    lanes = Lanes(1, send, Flag())

    def feed():
        for number in range(10):
            lanes.put(Batch(0, [number]))
            put.append(number)

    feeder = Thread(target=feed)
    feeder.start()
    time.sleep(0.2)
    held = len(put)
    gate.set()
    feeder.join(10)
    lanes.close()

    assert held <= 2  # one is sent, one waits
    assert sent == list(range(10))


def test_lanes_send_at_once():
    """Each waits for the other."""
    flags = [Flag(), Flag()]

    def send(batch):
        flags[batch.lane].set()
        assert flags[1 - batch.lane].wait(10)

    lanes = Lanes(2, send, Flag())
    lanes.put(Batch(0, []))
    lanes.put(Batch(1, []))
    lanes.close()


def test_an_error_of_a_lane_ends_the_others():
    def send(batch):
        raise ValueError("stopped")

    stopped = Flag()
    lanes = Lanes(2, send, stopped)
    lanes.put(Batch(0, []))
    assert stopped.wait(10)

    with pytest.raises(ValueError, match="stopped"):
        lanes.put(Batch(1, []))
