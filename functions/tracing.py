"""Spans of an event's way, exported by OpenTelemetry where that is switched on.

Off, which is the default, nothing of OpenTelemetry is imported and a span costs a
function call. On needs ``opentelemetry-exporter-otlp-proto-http`` among the function's
requirements and OTEL_EXPORTER_OTLP_ENDPOINT set; the SDK reads the other OTEL_
variables itself.
"""

import signal
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

from functions.settings import SettingsError

FLUSH_SECONDS = 5.0  # at most, when the process is told to end


class Tracing(Protocol):
    """What the functions ask; a *parent* is a W3C ``traceparent`` or None."""

    def span(
        self, name: str, parent: str | None, **attributes: Any
    ) -> AbstractContextManager[str | None]:
        """A span around a block; gives the ``traceparent`` to hand on from within."""

    def ended(
        self, name: str, parent: str | None, ms: float, **attributes: Any
    ) -> None:
        """A span of *ms* milliseconds that ends now."""


class Off:
    """Hands the caller's ``traceparent`` on and records nothing."""

    def span(self, name: str, parent: str | None, **attributes: Any):
        return nullcontext(parent)

    def ended(
        self, name: str, parent: str | None, ms: float, **attributes: Any
    ) -> None:
        """Nothing is recorded."""


class OpenTelemetry:
    """Records spans and hands them to a span processor.

    Args:
        service: name of the function.
        processor: where ended spans go; by default a batch exporter over OTLP.
    """

    def __init__(self, service: str, processor: Any = None) -> None:
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.trace.propagation.tracecontext import (
            TraceContextTextMapPropagator,
        )

        provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}))
        provider.add_span_processor(processor or _exporter())
        self._provider = provider
        self._flushed_at_end = False
        self._tracer = provider.get_tracer("commerce-events")
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str, parent: str | None, **attributes: Any):
        if not self._flushed_at_end:
            self._flushed_at_end = True
            _flush_at_end(self._provider.force_flush)
        context = self._context(parent)
        with self._tracer.start_as_current_span(
            name,
            context,
            attributes=_known(attributes),
            # An exception's text may hold values of an event.
            record_exception=False,
            set_status_on_exception=False,
        ):
            carrier: dict[str, str] = {}
            self._propagator.inject(carrier)
            yield carrier.get("traceparent", parent)

    def ended(
        self, name: str, parent: str | None, ms: float, **attributes: Any
    ) -> None:
        now = time.time_ns()
        span = self._tracer.start_span(
            name,
            self._context(parent),
            attributes=_known(attributes),
            start_time=now - int(ms * 1e6),
        )
        span.end(now)

    def _context(self, parent: str | None) -> Any:
        return self._propagator.extract({"traceparent": parent} if parent else {})


def tracing(endpoint: str, service: str) -> Tracing:
    """OpenTelemetry where *endpoint* is set, else nothing.

    Raises:
        SettingsError: it is set, and there is no OpenTelemetry here.
    """
    if not endpoint:
        return Off()
    try:
        return OpenTelemetry(service)
    except ImportError:
        raise SettingsError(
            "Wrong settings: OTEL_EXPORTER_OTLP_ENDPOINT is set, so"
            f" opentelemetry-exporter-otlp-proto-http must be in {service}'s"
            " requirements.txt"
        ) from None


def _exporter() -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return BatchSpanProcessor(OTLPSpanExporter())


def _flush_at_end(flush: Callable[[], Any]) -> None:
    """Have *flush* called when the process is told to end by SIGTERM.

    The SDK does so atexit; but uvicorn, which serves ingest, ends by the signal itself
    once it is done, and what is registered atexit then never runs.
    """
    if threading.current_thread() is not threading.main_thread():
        return  # threads serve the consumer, and gunicorn ends that by an exit
    ends = signal.getsignal(signal.SIGTERM)
    if not callable(ends):
        return

    def flush_first(number: int, frame: Any) -> None:
        # In a thread: this may have interrupted the very code that flushing calls.
        flushing = threading.Thread(target=flush, daemon=True)
        flushing.start()
        flushing.join(FLUSH_SECONDS)
        ends(number, frame)

    signal.signal(signal.SIGTERM, flush_first)


def _known(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}
