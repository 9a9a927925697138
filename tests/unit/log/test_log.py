"""Log entries: one JSON object each, in the form that Cloud Logging reads."""

import json
import os
import threading

import pytest

from functions.log import (
    SEVERITIES,
    Logger,
    error_location,
    severity_level,
    write_to_stdout,
)
from functions.timestamps import normalize_timestamp, timestamp

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{SPAN}-01"
LABELS = "logging.googleapis.com/labels"


class Entries:
    """Receives what a logger writes."""

    def __init__(self):
        self.lines: list[bytes] = []

    def parsed(self) -> list[dict]:
        """The entries without their times."""
        entries = []
        for line in self.lines:
            assert line.endswith(b"}\n")
            assert line.count(b"\n") == 1
            entry = json.loads(line)
            assert normalize_timestamp(entry.pop("time"))
            entries.append(entry)
        return entries


@pytest.fixture
def entries():
    return Entries()


@pytest.fixture
def log(entries):
    return Logger("DEBUG", "p", entries.lines.append)


def test_an_entry_has_the_time_it_was_written(entries, log):
    before = timestamp()
    log.info("m")

    assert before <= json.loads(entries.lines[0])["time"] <= timestamp()


def test_an_entry_has_all_fields_but_none(entries, log):
    log.info(
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
        traceparent=TRACEPARENT,
    )

    assert entries.parsed() == [
        {
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
            LABELS: {
                "event": "e",
                "entity": "product",
                "uid": "15",
                "attempt": "2",
                "ms": "1.5",
            },
            "logging.googleapis.com/trace": f"projects/p/traces/{TRACE}",
            "logging.googleapis.com/spanId": SPAN,
        }
    ]


def test_without_a_project_the_trace_has_only_its_id(entries):
    Logger(write=entries.lines.append).info("m", traceparent=TRACEPARENT)

    [entry] = entries.parsed()
    assert entry["logging.googleapis.com/trace"] == TRACE


@pytest.mark.parametrize(
    "text", ['"', "\\", "\n", "\0", "é😀", "\ud800", '","severity":"CRITICAL', "\u2028"]
)
def test_no_text_breaks_an_entry(entries, log, text):
    log.info(text, uid=text)

    assert entries.parsed() == [
        {"severity": "INFO", "message": text, "uid": text, LABELS: {"uid": text}}
    ]


def test_a_long_message_is_truncated(entries, log):
    log.info("x" * 5000)

    assert entries.parsed()[0]["message"] == "x" * 1024


@pytest.mark.parametrize("level", SEVERITIES)
def test_entries_below_the_level_are_not_written(entries, level):
    log = Logger(level, write=entries.lines.append)
    for severity in SEVERITIES:
        log.log(severity, "m")

    written = [entry["severity"] for entry in entries.parsed()]
    assert written == list(SEVERITIES[SEVERITIES.index(level) :])


def test_each_method_has_its_severity(entries, log):
    for write in (log.debug, log.info, log.warning, log.error):
        write("m")

    written = [entry["severity"] for entry in entries.parsed()]
    assert written == ["DEBUG", "INFO", "WARNING", "ERROR"]


def test_a_level_is_read_in_any_case():
    assert severity_level("debug") == "DEBUG"
    with pytest.raises(ValueError, match="^must be one of debug, info, warning"):
        severity_level("loud")


def test_a_bound_logger_adds_its_fields(entries, log):
    bound = log.bind(event="e", uid="1").bind(caller="erp", uid="2", entity=None)
    bound.info("a", stage="received", traceparent=TRACEPARENT)
    log.info("b")

    bound_entry, entry = entries.parsed()
    assert bound_entry == {
        "severity": "INFO",
        "message": "a",
        "event": "e",
        "uid": "2",
        "caller": "erp",
        "stage": "received",
        LABELS: {"event": "e", "uid": "2"},
        "logging.googleapis.com/trace": f"projects/p/traces/{TRACE}",
        "logging.googleapis.com/spanId": SPAN,
    }
    assert entry == {"severity": "INFO", "message": "b"}


def test_lines_of_threads_do_not_mix(capfd):
    def write(name: str) -> None:
        log = Logger()
        for _ in range(200):
            log.info(name * 100)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    written = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert len(written) == 800
    assert {entry["message"] for entry in written} == {name * 100 for name in "abcd"}


def test_a_closed_stdout_raises_nothing():
    """An event that is stored stays stored when it cannot be logged."""
    stdout = os.dup(1)
    reader, writer = os.pipe()
    try:
        os.dup2(writer, 1)
        os.close(writer)
        os.close(reader)
        write_to_stdout(b"lost\n")
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)


def test_an_errors_location_is_without_its_message():
    try:
        raise ValueError("jane@example.com")
    except ValueError as error:
        location = error_location(error)

    assert location.startswith(
        "ValueError in test_an_errors_location_is_without_its_message line"
    )
    assert "jane" not in location
