"""A Pub/Sub server that keeps what it is sent and can be made to fail."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc

from functions.pubsub.publisher import (
    PUBLISH_METHOD,
    PublishRequest,
    PublishResponse,
)

HANG_SECONDS = 30


class FakePubSub:
    """A Publisher service on 127.0.0.1; ``with FakePubSub() as pubsub``.

    Attributes:
        address: ``host:port``.
        requests: every PublishRequest, failed ones too.
        published: topics and messages of those that did not fail.
        failures: statuses of the next calls, in order.
        hangs: while set, a call takes HANG_SECONDS.
        omits_ids: while set, a response has no message id.
    """

    def __init__(self, port: int = 0) -> None:
        self.requests: list = []
        self.published: list[tuple] = []
        self.failures: list[grpc.StatusCode] = []
        self.hangs = False
        self.omits_ids = False
        self._stopped = threading.Event()
        self._ids = itertools.count(1)
        self._server = grpc.server(
            ThreadPoolExecutor(8), options=(("grpc.so_reuseport", 0),)
        )
        method = grpc.unary_unary_rpc_method_handler(
            self._publish,
            request_deserializer=PublishRequest.FromString,
            response_serializer=PublishResponse.SerializeToString,
        )
        service, name = PUBLISH_METHOD.strip("/").split("/")
        self._server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler(service, {name: method})]
        )
        self.port = self._server.add_insecure_port(f"127.0.0.1:{port}")
        self.address = f"127.0.0.1:{self.port}"

    def _publish(self, request, context):
        self.requests.append(request)
        if self.hangs:
            self._stopped.wait(HANG_SECONDS)
        if self.failures:
            context.abort(self.failures.pop(0), "as the test asked")
        if self.omits_ids:
            return PublishResponse()
        self.published += [(request.topic, message) for message in request.messages]
        ids = [str(next(self._ids)) for _ in request.messages]
        return PublishResponse(message_ids=ids)

    def clear(self) -> None:
        """Forget what it was sent, and do not fail."""
        self.requests.clear()
        self.published.clear()
        self.failures.clear()
        self.hangs = self.omits_ids = False

    def stop(self) -> None:
        """End it as a killed process would: connections break at once."""
        self._stopped.set()
        self._server.stop(None).wait()

    def __enter__(self) -> "FakePubSub":
        self._server.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop()
