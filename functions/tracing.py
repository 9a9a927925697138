"""Spans of an event's path, exported by OpenTelemetry if it is enabled.

By default it is disabled: OpenTelemetry is not imported, and a span costs a function
call. To enable it, add ``opentelemetry-exporter-otlp-proto-http`` to the function's
requirements and set OTEL_EXPORTER_OTLP_ENDPOINT; the SDK reads its other OTEL_
variables itself.
"""

import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

from functions.settings import SettingsError

MAX_FLUSH_SECONDS = 5.0  # of a process that SIGTERM ends


class Tracing(Protocol):
    """The interface the functions use; a *parent* is a W3C ``traceparent`` or None."""

    def span(
        self, name: str, parent: str | None, **attributes: Any
    ) -> AbstractContextManager[str | None]:
        """A span around a block; yields the ``traceparent`` to pass on from within."""
        ...

    def ended(
        self,
        name: str,
        parent: str | None,
        ms: float,
        span_id: str | None,
        **attributes: Any,
    ) -> None:
        """A span of *ms* milliseconds that ends now.

        Args:
            span_id: its id, as it was sent to the called service; None for a new one.
        """
        ...


class Off:
    """Passes the caller's ``traceparent`` on and records nothing."""

    def span(
        self, name: str, parent: str | None, **attributes: Any
    ) -> AbstractContextManager[str | None]:
        return nullcontext(parent)

    def ended(
        self,
        name: str,
        parent: str | None,
        ms: float,
        span_id: str | None,
        **attributes: Any,
    ) -> None:
        """Does nothing."""


class OpenTelemetry:
    """Records spans and passes them to a span processor.

    Args:
        service: name of the function.
        processor: receives ended spans; by default a batch exporter over OTLP.
    """

    def __init__(self, service: str, processor: Any = None) -> None:
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.trace.propagation.tracecontext import (
            TraceContextTextMapPropagator,
        )

        self._ids = _id_generator()
        provider = TracerProvider(
            resource=Resource.create({SERVICE_NAME: service}), id_generator=self._ids
        )
        provider.add_span_processor(processor or _exporter())
        self._provider = provider
        self._flushes_on_sigterm = False
        self._tracer = provider.get_tracer("commerce-events")
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(
        self, name: str, parent: str | None, **attributes: Any
    ) -> Iterator[str | None]:
        if not self._flushes_on_sigterm:
            self._flushes_on_sigterm = True
            _flush_on_sigterm(self._provider.force_flush)
        context = self._context(parent)
        with self._tracer.start_as_current_span(
            name,
            context,
            attributes=_without_none(attributes),
            # An exception's text may hold values of an event.
            record_exception=False,
            set_status_on_exception=False,
        ):
            carrier: dict[str, str] = {}
            self._propagator.inject(carrier)
            yield carrier.get("traceparent", parent)

    def ended(
        self,
        name: str,
        parent: str | None,
        ms: float,
        span_id: str | None,
        **attributes: Any,
    ) -> None:
        now = time.time_ns()
        self._ids.next_span_id = int(span_id, 16) if span_id else None
        span = self._tracer.start_span(
            name,
            self._context(parent),
            attributes=_without_none(attributes),
            start_time=now - int(ms * 1e6),
        )
        span.end(now)

    def _context(self, parent: str | None) -> Any:
        return self._propagator.extract({"traceparent": parent} if parent else {})


def child_traceparent(parent: str | None) -> str:
    """A ``traceparent`` with *parent*'s trace and a new span id.

    Args:
        parent: a valid one; None starts a trace, which is not sampled.
    """
    version, trace, flags = "00", secrets.token_hex(16), "00"
    if parent is not None:
        version, trace, _, flags = parent.split("-")
    return "-".join((version, trace, secrets.token_hex(8), flags))


def span_id_of(traceparent: str) -> str:
    """The span id of a valid ``traceparent``."""
    return traceparent.split("-")[2]


def tracing(endpoint: str, service: str) -> Tracing:
    """OpenTelemetry if *endpoint* is set, else :class:`Off`.

    Raises:
        SettingsError: it is set, and OpenTelemetry is not installed.
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


def _id_generator() -> Any:
    """Random ids; a span whose id was sent before it started gets that one."""
    from opentelemetry.sdk.trace import RandomIdGenerator

    class SpanIds(threading.local, RandomIdGenerator):
        next_span_id: int | None = None

        def generate_span_id(self) -> int:
            span_id, self.next_span_id = self.next_span_id, None
            return span_id or super().generate_span_id()

    return SpanIds()


def _exporter() -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return BatchSpanProcessor(OTLPSpanExporter())


def _flush_on_sigterm(flush: Callable[[], Any]) -> None:
    """Call *flush* when SIGTERM ends the process.

    The SDK flushes atexit. But uvicorn, which serves ingest, raises the signal again
    after its shutdown, and the process then ends without atexit.
    """
    if threading.current_thread() is not threading.main_thread():
        return  # the consumer runs in threads, and gunicorn exits normally
    handler = signal.getsignal(signal.SIGTERM)
    if not callable(handler):
        return

    def flush_first(number: int, frame: Any) -> None:
        # In a thread, because the signal may have interrupted code that flush needs.
        flushing = threading.Thread(target=flush, daemon=True)
        flushing.start()
        flushing.join(MAX_FLUSH_SECONDS)
        handler(number, frame)

    signal.signal(signal.SIGTERM, flush_first)


def _without_none(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}
