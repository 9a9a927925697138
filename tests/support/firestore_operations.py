"""Counts what Firestore bills, in the requests that its client sends."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from google.cloud.firestore_v1.types import CommitRequest


class OperationCounter(
    grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor
):
    """Documents read and written by the clients created while it is installed.

    Attributes:
        counts: ``reads``, ``writes``, ``failed_writes`` (of commits whose preconditions
            failed) and ``deletes`` (by the TTL policy, of each document created).
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def intercept_unary_unary(
        self, continuation: Any, details: Any, request: Any
    ) -> Any:
        """A commit."""
        assert details.method.endswith("/Commit"), details.method
        call = continuation(details, request)
        if call.code() != grpc.StatusCode.OK:
            self.counts["failed_writes"] += len(request.writes)
            return call
        self.counts["writes"] += len(request.writes)
        created = [each for each in CommitRequest.pb(request).writes if _creates(each)]
        self.counts["deletes"] += len(created)
        return call

    def intercept_unary_stream(
        self, continuation: Any, details: Any, request: Any
    ) -> Any:
        """A read by key, where an absent document counts, too; or a query."""
        if details.method.endswith("/BatchGetDocuments"):
            self.counts["reads"] += len(request.documents)
            return continuation(details, request)
        assert details.method.endswith("/RunQuery"), details.method
        responses = list(continuation(details, request))
        # A query without a result costs one read.
        documents = sum(bool(response.document.name) for response in responses)
        self.counts["reads"] += max(1, documents)
        return iter(responses)

    @contextmanager
    def installed(self) -> Iterator["OperationCounter"]:
        """Count what the clients do that first connect meanwhile."""
        create = grpc.insecure_channel

        def create_counted(*args: Any, **options: Any) -> Any:
            return grpc.intercept_channel(create(*args, **options), self)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(grpc, "insecure_channel", create_counted)
            yield self

    def take(self) -> dict[str, int]:
        """The counts since the last time; those of 0 are left out."""
        counts, self.counts = +self.counts, Counter()
        return dict(counts)


def _creates(write: Any) -> bool:
    condition = write.current_document
    return bool(
        condition.WhichOneof("condition_type") == "exists" and not condition.exists
    )
