"""Spans in this process."""

import sys

import pytest

from functions.events.message import parse_traceparent
from functions.settings import SettingsError
from functions.tracing import (
    Off,
    OpenTelemetry,
    child_traceparent,
    span_id_of,
    tracing,
)

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class SpanRecorder:
    """A span processor that keeps ended spans."""

    def __init__(self):
        self.spans = []

    def on_start(self, span, parent_context=None):
        """Does nothing."""

    def _on_ending(self, span):
        """Does nothing."""

    def on_end(self, span):
        self.spans.append(span)

    def shutdown(self):
        """Does nothing."""

    def force_flush(self, timeout_millis=30000):
        return True


def test_disabled_the_trace_is_passed_on_unchanged():
    with Off().span("publish", PARENT) as traceparent:
        assert traceparent == PARENT
    assert type(tracing("", "ingest")) is Off


def test_enabled_without_the_library_is_one_sentence(monkeypatch):
    library = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(SettingsError) as raised:
        tracing("http://127.0.0.1:1", "ingest")

    assert str(raised.value) == (
        "Wrong settings: OTEL_EXPORTER_OTLP_ENDPOINT is set, so"
        " opentelemetry-exporter-otlp-proto-http must be in ingest's requirements.txt"
    )


def test_a_span_belongs_to_the_trace_and_is_passed_on():
    recorder = SpanRecorder()
    traces = OpenTelemetry("ingest", recorder)

    with traces.span("publish", PARENT, entity="product", uid=None) as traceparent:
        pass

    [span] = recorder.spans
    assert f"{span.context.trace_id:032x}" == PARENT[3:35]
    assert f"{span.parent.span_id:016x}" == PARENT[36:52]
    assert traceparent == f"00-{PARENT[3:35]}-{span.context.span_id:016x}-01"
    assert (span.name, dict(span.attributes)) == ("publish", {"entity": "product"})


def test_an_exceptions_text_is_not_in_the_span():
    recorder = SpanRecorder()

    with (
        pytest.raises(ValueError, match="jane@"),
        OpenTelemetry("c", recorder).span("a", None),
    ):
        raise ValueError("jane@example.com")

    [span] = recorder.spans
    assert (span.events, span.status.description) == ((), None)


def test_an_ended_span_has_the_id_that_was_sent():
    recorder = SpanRecorder()
    traces = OpenTelemetry("consumer", recorder)

    traces.ended("PUT products/{sku}", PARENT, 1.0, "00000000000000ab")
    traces.ended("PUT products/{sku}", PARENT, 1.0, None)

    first, second = (span.context.span_id for span in recorder.spans)
    assert first == 0xAB != second


@pytest.mark.parametrize("parent", [PARENT, None])
def test_a_child_has_a_span_id_of_its_own(parent):
    first, second = child_traceparent(parent), child_traceparent(parent)

    assert parse_traceparent(first) == first
    assert span_id_of(first) != span_id_of(second)
    if parent:
        assert (first[:36], first[52:]) == (PARENT[:36], PARENT[52:])


def test_an_ended_span_has_its_duration():
    recorder = SpanRecorder()

    OpenTelemetry("consumer", recorder).ended(
        "PUT products/{sku}", PARENT, 12.5, None, status=200
    )

    [span] = recorder.spans
    assert span.end_time - span.start_time == 12_500_000
    assert f"{span.parent.span_id:016x}" == PARENT[36:52]
