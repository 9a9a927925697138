"""A Pub/Sub that remembers what it is sent, and fails when told to."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc

from functions.pubsub.publish import PUBLISH
from local.broker.pubsub_pb2 import PublishRequest, PublishResponse

HANGS_SECONDS = 30


class PubSub:
    """A Publisher service on 127.0.0.1; ``with PubSub() as pubsub``.

    Attributes:
        address: ``host:port``.
        requests: every PublishRequest that came, refused ones too.
        stored: of those the messages that were stored, with their topic before them.
        fails: statuses to answer the next calls with, in order.
        hangs: while set, a call is answered after HANGS_SECONDS.
    """

    def __init__(self, port: int = 0) -> None:
        self.requests: list[PublishRequest] = []
        self.stored: list[tuple] = []
        self.fails: list[grpc.StatusCode] = []
        self.hangs = False
        self.no_id = False
        self._wake = threading.Event()
        self._ids = itertools.count(1)
        self._server = grpc.server(
            ThreadPoolExecutor(8), options=(("grpc.so_reuseport", 0),)
        )
        method = grpc.unary_unary_rpc_method_handler(
            self._publish,
            request_deserializer=PublishRequest.FromString,
            response_serializer=PublishResponse.SerializeToString,
        )
        service, name = PUBLISH.strip("/").split("/")
        self._server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler(service, {name: method})]
        )
        self.port = self._server.add_insecure_port(f"127.0.0.1:{port}")
        self.address = f"127.0.0.1:{self.port}"

    def _publish(self, request, context):
        self.requests.append(request)
        if self.hangs:
            self._wake.wait(HANGS_SECONDS)
        if self.fails:
            context.abort(self.fails.pop(0), "as the test asked")
        if self.no_id:
            return PublishResponse()
        self.stored += [(request.topic, message) for message in request.messages]
        return PublishResponse(message_ids=[str(next(self._ids))])

    def stop(self) -> None:
        """End it as a killed process would: connections break at once."""
        self._wake.set()
        self._server.stop(None).wait()

    def __enter__(self) -> "PubSub":
        self._server.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop()
