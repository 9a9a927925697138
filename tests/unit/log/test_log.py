"""Log entries: one JSON object a line, in the form that Cloud Logging reads."""

import json
import os
import signal
import threading
import time
from contextlib import contextmanager

import pytest

from functions.log import (
    SEVERITIES,
    Logger,
    error_location,
    severity_level,
    write_to_stdout,
)
from functions.timestamps import normalize_timestamp, timestamp

TRACE_ID, SPAN_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE_ID}-{SPAN_ID}-01"


def entry(message="m", project="p", **fields):
    """The entry that is written, without its time."""
    lines = []
    Logger("DEBUG", project, lines.append).info(message, **fields)
    [line] = lines
    return parse(line)


def parse(line):
    """One line without its time."""
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    parsed = json.loads(line)
    assert normalize_timestamp(parsed.pop("time"))
    return parsed


@contextmanager
def stdout_to_pipe():
    """File descriptor 1 writes to a pipe meanwhile; its read end.

    Not a fixture: pytest redirects the descriptor between set-up and test.
    """
    saved = os.dup(1)
    read, write = os.pipe()
    os.dup2(write, 1)
    os.close(write)
    try:
        yield read
    finally:
        os.dup2(saved, 1)
        os.close(saved)


def test_an_entry_has_the_time_of_writing():
    lines = []
    before = timestamp()
    Logger(write=lines.append).info("m")

    assert before <= json.loads(lines[0])["time"] <= timestamp()


def test_an_entry_has_its_fields_and_trace():
    assert entry(
        "event handled",
        stage="outcome",
        event="e",
        entity="product",
        uid="15",
        message_id="7",
        attempt=2,
        status=200,
        ms=1.5,
        outcome=None,
        fields=["data.value.sku"],
        calls=[{"method": "GET", "route": "orders/{id}", "status": 200, "ms": 1.5}],
        alarm=True,
        traceparent=TRACEPARENT,
    ) == {
        "severity": "INFO",
        "message": "event handled",
        "stage": "outcome",
        "event": "e",
        "entity": "product",
        "uid": "15",
        "message_id": "7",
        "attempt": 2,
        "status": 200,
        "ms": 1.5,
        "fields": ["data.value.sku"],
        "calls": [{"method": "GET", "route": "orders/{id}", "status": 200, "ms": 1.5}],
        "alarm": True,
        "logging.googleapis.com/trace": f"projects/p/traces/{TRACE_ID}",
        "logging.googleapis.com/spanId": SPAN_ID,
    }


def test_without_a_project_the_trace_is_its_id():
    trace = entry(project="", traceparent=TRACEPARENT)["logging.googleapis.com/trace"]

    assert trace == TRACE_ID


def test_any_text_stays_within_its_field(subtests):
    for text in [
        '"',
        "\\",
        "\n",
        "\0",
        "é😀",
        "\ud800",
        '","severity":"CRITICAL',
        "\u2028",
    ]:
        with subtests.test(text=text):
            assert entry(text, uid=text) == {
                "severity": "INFO",
                "message": text,
                "uid": text,
            }


def test_a_long_message_is_cut():
    assert entry("x" * 5000)["message"] == "x" * 1024


@pytest.mark.parametrize("level", SEVERITIES)
def test_entries_below_the_level_are_not_written(level):
    lines = []
    logger = Logger(level, write=lines.append)
    for write in (logger.debug, logger.info, logger.warning, logger.error):
        write("m")
    logger.log("CRITICAL", "m")

    severities = [json.loads(line)["severity"] for line in lines]
    assert severities == list(SEVERITIES[SEVERITIES.index(level) :])


def test_a_level_is_read_in_any_case():
    assert severity_level("debug") == "DEBUG"
    with pytest.raises(ValueError, match="^must be one of debug, info, warning"):
        severity_level("loud")


def test_a_bound_logger_adds_its_context():
    lines = []
    logger = Logger("DEBUG", "p", lines.append)
    bound = logger.bind(event="e", uid="1", entity=None, traceparent=TRACEPARENT)
    again = bound.bind(uid="2", caller="erp")
    bound.info("a", stage="received")
    again.info("b", ms=1.5, event="other")
    logger.info("c")

    trace = {
        "logging.googleapis.com/trace": f"projects/p/traces/{TRACE_ID}",
        "logging.googleapis.com/spanId": SPAN_ID,
    }
    assert [parse(line) for line in lines] == [
        {
            "severity": "INFO",
            "message": "a",
            "stage": "received",
            "event": "e",
            "uid": "1",
            **trace,
        },
        {
            "severity": "INFO",
            "message": "b",
            "ms": 1.5,
            "event": "other",
            "uid": "2",
            "caller": "erp",
            **trace,
        },
        {"severity": "INFO", "message": "c"},
    ]


def test_lines_of_threads_do_not_mix(capfd):
    def write_many(name):
        logger = Logger()
        for _ in range(100):
            logger.info(name * 100)

    threads = [threading.Thread(target=write_many, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert len(lines) == 400
    assert {line["message"] for line in lines} == {name * 100 for name in "abcd"}


def test_a_closed_stdout_is_ignored():
    """An event that was handled stays handled when that cannot be logged."""
    with stdout_to_pipe() as read:
        os.close(read)
        with pytest.raises(BrokenPipeError):
            os.write(1, b"a line\n")

        write_to_stdout(b"a line\n")


def test_a_signal_does_not_cut_a_line():
    """The reader is slow, and the process gets a signal while it writes."""
    size, chunks, signals = 1_000_000, [], []
    writer = threading.get_ident()
    previous = signal.signal(signal.SIGUSR1, lambda *_: signals.append(1))

    def interrupt_and_read(read):
        time.sleep(0.05)  # by now the pipe is full
        signal.pthread_kill(writer, signal.SIGUSR1)
        while sum(map(len, chunks)) < size:
            chunks.append(os.read(read, 65536))

    with stdout_to_pipe() as read:
        reader = threading.Thread(target=interrupt_and_read, args=(read,))
        reader.start()
        try:
            write_to_stdout(b"x" * size)
        finally:
            reader.join(10)
            signal.signal(signal.SIGUSR1, previous)
            os.close(read)

    assert (sum(map(len, chunks)), signals) == (size, [1])


def test_an_error_is_located_without_its_message():
    try:
        raise ValueError("personal data")
    except ValueError as error:
        location = error_location(error)

    name = "test_an_error_is_located_without_its_message"
    assert location.startswith(f"ValueError in {name} line ")
    assert "personal" not in location


def test_an_error_that_was_not_raised_has_only_its_type():
    assert error_location(ValueError("personal data")) == "ValueError"
