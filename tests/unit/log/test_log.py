"""Log lines: one JSON object each, in the form that Cloud Logging reads."""

import json
import os
import select
import signal
import subprocess
import sys
import threading

import pytest

from functions.log import SEVERITIES, Log, level, place, to_stdout
from functions.timestamps import normalize_timestamp, timestamp

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


def line(*arguments, project="p", **fields) -> dict:
    """The one line that is written, without its time."""
    written = []
    Log("DEBUG", project, written.append).line(*arguments, **fields)
    [raw] = written
    return read(raw)


def read(raw: bytes) -> dict:
    """One line without its time."""
    assert raw.endswith(b"}\n")
    assert raw.count(b"\n") == 1
    told = json.loads(raw)
    assert normalize_timestamp(told.pop("time"))
    return told


def test_a_line_says_when_it_was_written():
    written = []
    before = timestamp()
    Log(write=written.append).line("INFO", "m")

    assert before <= json.loads(written[0])["time"] <= timestamp()


def test_a_line_is_whole():
    assert line(
        "INFO",
        "event published",
        stage="published",
        event="e",
        entity="product",
        uid="15",
        message_id="7",
        attempt=2,
        status=200,
        ms=1.5,
        outcome=None,
        fields=["data.value.sku"],
        alarm=True,
        traceparent=f"00-{TRACE}-{SPAN}-01",
    ) == {
        "severity": "INFO",
        "message": "event published",
        "stage": "published",
        "event": "e",
        "entity": "product",
        "uid": "15",
        "message_id": "7",
        "attempt": 2,
        "status": 200,
        "ms": 1.5,
        "fields": ["data.value.sku"],
        "alarm": True,
        "logging.googleapis.com/labels": {
            "event": "e",
            "entity": "product",
            "uid": "15",
            "attempt": "2",
            "ms": "1.5",
        },
        "logging.googleapis.com/trace": f"projects/p/traces/{TRACE}",
        "logging.googleapis.com/spanId": SPAN,
    }


def test_without_a_project_the_trace_stands_alone():
    told = line("INFO", "m", project="", traceparent=f"00-{TRACE}-{SPAN}-01")

    assert told["logging.googleapis.com/trace"] == TRACE


@pytest.mark.parametrize(
    "text", ['"', "\\", "\n", "\0", "é😀", "\ud800", '","severity":"CRITICAL', "\u2028"]
)
def test_no_text_breaks_a_line(text):
    told = line("INFO", text, uid=text)

    assert told == {
        "severity": "INFO",
        "message": text,
        "uid": text,
        "logging.googleapis.com/labels": {"uid": text},
    }


def test_a_long_message_is_cut():
    assert line("INFO", "x" * 5000)["message"] == "x" * 1024


@pytest.mark.parametrize("threshold", SEVERITIES)
def test_what_is_below_the_level_is_not_written(threshold):
    written = []
    log = Log(threshold, write=written.append)
    for severity in SEVERITIES:
        log.line(severity, "m")

    told = [json.loads(raw)["severity"] for raw in written]
    assert told == list(SEVERITIES[SEVERITIES.index(threshold) :])


def test_a_level_is_read_in_any_case():
    assert level("debug") == "DEBUG"
    with pytest.raises(ValueError, match="^must be one of debug, info, warning"):
        level("loud")


def test_lines_of_threads_do_not_mix(capfd):
    def write(name: str) -> None:
        log = Log()
        for _ in range(200):
            log.line("INFO", name * 100)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    lines = [json.loads(raw) for raw in capfd.readouterr().out.splitlines()]
    assert len(lines) == 800
    assert {told["message"] for told in lines} == {name * 100 for name in "abcd"}


def test_a_log_that_is_gone_stops_nobody():
    """A 200 means stored: where it cannot be logged, it is true nevertheless."""
    kept = os.dup(1)
    read, write = os.pipe()
    try:
        os.dup2(write, 1)
        os.close(write)
        os.close(read)
        to_stdout(b"nobody reads this\n")
    finally:
        os.dup2(kept, 1)
        os.close(kept)


INTERRUPTED = """
import signal
from functions.log import to_stdout
signal.signal(signal.SIGTERM, lambda *_: None)
to_stdout(b"x" * 1_000_000)
"""


def test_a_signal_costs_no_part_of_what_is_written():
    """The reader is slow, and the process is told to end while it writes."""
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE
    ) as writer:
        select.select([writer.stdout], [], [])  # it is writing, and will have to wait
        writer.send_signal(signal.SIGTERM)

        assert len(writer.stdout.read()) == 1_000_000


def test_a_fault_is_placed_without_its_message():
    try:
        raise ValueError("what the customer said")
    except ValueError as error:
        told = place(error)

    assert told.startswith(
        "ValueError in test_a_fault_is_placed_without_its_message line"
    )
    assert "customer" not in told


def test_what_lines_share_is_written_once_and_stands_in_each():
    written = []
    log = Log("DEBUG", "p", written.append)
    trace = f"00-{TRACE}-{SPAN}-01"
    about = log.about(event="e", uid='1"', caller="erp", entity=None, traceparent=trace)
    log.line("INFO", "a", about, stage="received")
    log.line("INFO", "b", about, ms=1.5)
    log.line("INFO", "c", log.about(caller="erp"))

    shared = {
        "event": "e",
        "uid": '1"',
        "caller": "erp",
        "logging.googleapis.com/trace": f"projects/p/traces/{TRACE}",
        "logging.googleapis.com/spanId": SPAN,
    }
    labels = {"event": "e", "uid": '1"'}
    name = "logging.googleapis.com/labels"
    assert [read(raw) for raw in written] == [
        {
            "severity": "INFO",
            "message": "a",
            "stage": "received",
            **shared,
            name: labels,
        },
        {
            "severity": "INFO",
            "message": "b",
            "ms": 1.5,
            **shared,
            name: {"ms": "1.5", **labels},
        },
        {"severity": "INFO", "message": "c", "caller": "erp"},
    ]
