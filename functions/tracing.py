"""Spans of an event's way, exported by OpenTelemetry where that is switched on.

Off, which is the default, nothing of OpenTelemetry is imported and a span costs a
function call. On needs ``opentelemetry-exporter-otlp-proto-http`` among the function's
requirements and OTEL_EXPORTER_OTLP_ENDPOINT set; the SDK reads the other OTEL_
variables itself.
"""

import time
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol


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
        self._tracer = provider.get_tracer("commerce-events")
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str, parent: str | None, **attributes: Any):
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
    """OpenTelemetry where *endpoint* is set, else nothing."""
    return OpenTelemetry(service) if endpoint else Off()


def _exporter() -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return BatchSpanProcessor(OTLPSpanExporter())


def _known(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}
