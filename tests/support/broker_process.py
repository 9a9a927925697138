"""The project's broker as a process, used through Google's clients."""

import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.pubsub_v1 import PublisherClient, PushConfig, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from local.processes import Process, Program, base_environment

PULL_SECONDS = 10


class BrokerClient:
    """Topics and subscriptions of a broker, all in the project ``p``.

    Attributes:
        address: ``host:port``.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._numbers = itertools.count(1)
        self.channel = grpc.insecure_channel(address)
        self._publisher = PublisherClient(
            transport=PublisherGrpcTransport(channel=self.channel)
        )
        self._subscriber = SubscriberClient(
            transport=SubscriberGrpcTransport(channel=self.channel)
        )

    def new_name(self, kind: str) -> str:
        """A full name that is not in use; *kind* is ``topics`` or ``subscriptions``."""
        return f"projects/p/{kind}/test-{next(self._numbers)}"

    def create_topic(self, name: str | None = None) -> str:
        """The full name of a new topic."""
        name = name or self.new_name("topics")
        self._publisher.create_topic(name=name)
        return name

    def subscribe(self, topic: str, push_url: str | None = None) -> str:
        """The full name of a new subscription, pushed to *push_url* if given."""
        request: dict[str, Any] = {
            "name": self.new_name("subscriptions"),
            "topic": topic,
        }
        if push_url:
            request["push_config"] = PushConfig(push_endpoint=push_url)
        self._subscriber.create_subscription(request)
        return request["name"]

    def pull(self, subscription: str) -> list[Any]:
        """The messages that wait, acknowledged; waits for the first one."""
        response = self._subscriber.pull(
            subscription=subscription,
            max_messages=10,
            timeout=PULL_SECONDS,
            retry=None,
        )
        received = response.received_messages
        self._subscriber.acknowledge(
            subscription=subscription, ack_ids=[each.ack_id for each in received]
        )
        return [each.message for each in received]


@contextmanager
def running_broker(folder: Path) -> Iterator[BrokerClient]:
    """A broker without state, which logs to *folder*."""
    command = [sys.executable, "-m", "local.broker", "--port", "0"]
    log = folder / "broker.txt"
    program = Program("the broker", command, base_environment(), log=log)
    with Process(program) as process:
        client = BrokerClient(process.address)
        yield client
        client.channel.close()
