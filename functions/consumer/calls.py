"""The HTTP calls of one delivery."""

from typing import Any

from functions.log import Logger
from functions.tracing import Tracing


class CallRecorder:
    """Records the calls of one delivery, for its log entry and trace."""

    def __init__(self, log: Logger, tracing: Tracing, traceparent: str | None) -> None:
        self.log = log
        self.traceparent = traceparent
        self.calls: list[dict[str, Any]] = []
        self._tracing = tracing

    def record(
        self,
        method: str,
        route: str,
        status: int | None,
        ms: float,
        span_id: str | None = None,
    ) -> None:
        """Record one call.

        Args:
            status: None without a response.
            span_id: that the call was sent with; None for a request of a token.
        """
        call = {"method": method, "route": route, "status": status, "ms": ms}
        self.calls.append(call | ({"span_id": span_id} if span_id else {}))
        name = f"{method} {route}"
        self._tracing.ended(name, self.traceparent, ms, span_id, status=status)
        succeeded = status is not None and status < 400
        write = self.log.debug if succeeded else self.log.warning
        write(name, stage="call", status=status, ms=ms, span_id=span_id)
