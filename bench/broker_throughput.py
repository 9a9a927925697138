"""How many events a second the local broker carries through publish and push.

``.venv/bin/python -m bench.broker_throughput``. Broker and endpoint are processes of
their own; the publisher is this one. Prints figures, asserts nothing.
"""

import argparse
import asyncio
import multiprocessing
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import grpc.aio

from local.broker import pubsub_pb2

ROOT = Path(__file__).resolve().parent.parent
TOPIC = "projects/bench/topics/bench"
RESPONSE = b"HTTP/1.1 204 No Content\r\n\r\n"


class _Endpoint(asyncio.Protocol):
    """As little as an endpoint can do, so that the broker is what is measured."""

    count = multiprocessing.Value("l", 0)

    def connection_made(self, transport):
        self._transport = transport
        self._buffer = b""

    def data_received(self, data):
        self._buffer += data
        while True:
            head, separator, rest = self._buffer.partition(b"\r\n\r\n")
            if not separator:
                return
            length = int(head.lower().partition(b"content-length: ")[2].split()[0])
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            self._transport.write(RESPONSE)
            self.count.value += 1


def _serve(port) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(_Endpoint, "127.0.0.1", 0)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    asyncio.run(run())


async def _measure(address: str, endpoint: int, options) -> dict[str, float]:
    async with grpc.aio.insecure_channel(address) as channel:
        await _call(channel, "Publisher/CreateTopic", pubsub_pb2.Topic(name=TOPIC))
        subscription = pubsub_pb2.Subscription(
            name="projects/bench/subscriptions/bench",
            topic=TOPIC,
            enable_message_ordering=True,
            push_config={"push_endpoint": f"http://127.0.0.1:{endpoint}/"},
        )
        await _call(channel, "Subscriber/CreateSubscription", subscription)
        publish = _method(channel, "Publisher/Publish")
        numbers = iter(range(options.events))

        async def client() -> None:
            for number in numbers:
                await publish(_request(number, options.keys))

        begun = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(options.clients)))
        published = time.perf_counter() - begun
        while _Endpoint.count.value < options.events:
            await asyncio.sleep(0.005)
        delivered = time.perf_counter() - begun
    return {
        "published a second": options.events / published,
        "published and pushed a second": options.events / delivered,
    }


def _request(number: int, keys: int) -> pubsub_pb2.PublishRequest:
    attributes = {
        "ce-specversion": "1.0",
        "ce-id": str(number),
        "ce-type": "be-observer.catalog_product_update",
        "ce-source": "/ingest/bench",
        "ce-time": "2025-01-01T00:00:00.000000Z",
        "content-type": "application/json",
        "entity": "product",
    }
    message = pubsub_pb2.PubsubMessage(
        data=b'{"sku": "sku", "name": "name", "price": 1.5}' * 8,
        attributes=attributes,
        ordering_key=f"product:{number % keys}",
    )
    return pubsub_pb2.PublishRequest(topic=TOPIC, messages=[message])


def _method(channel: grpc.aio.Channel, name: str):
    return channel.unary_unary(
        f"/google.pubsub.v1.{name}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=bytes,
    )


async def _call(channel: grpc.aio.Channel, name: str, request) -> None:
    await _method(channel, name)(request)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser("bench.broker_throughput", description=__doc__)
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--keys", type=int, default=500)
    options = parser.parse_args()
    port = multiprocessing.Value("i", 0)
    endpoint = multiprocessing.Process(target=_serve, args=(port,), daemon=True)
    endpoint.start()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "local.broker", "--port", "0"]
        broker = subprocess.Popen(  # noqa: S603 our own program
            [*command, "--state", f"{folder}/state.sqlite"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            address = broker.stdout.readline().split()[-1]
            while not port.value:
                time.sleep(0.01)
            figures = asyncio.run(_measure(address, port.value, options))
        finally:
            broker.terminate()
            broker.wait()
            endpoint.terminate()
    for name, figure in figures.items():
        sys.stdout.write(f"{figure:8.0f} {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
