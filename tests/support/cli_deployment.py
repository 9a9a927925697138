"""A deployment on a broker: topics, subscriptions, a ledger and ``stack.json``."""

import itertools
import json
import os
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
from click.testing import CliRunner, Result
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import (
    PubsubMessage,
    PullRequest,
    ReceivedMessage,
    Subscription,
)

from cli.__main__ import main
from cli.deployment import Deployment, find_deployment
from functions.commerce_events.adobe_event import AdobeEvent
from functions.consumer.dead_letter_topic import dead_letter_attributes
from functions.consumer.push import Push
from functions.events import catalog
from functions.events.message import message
from functions.ledger.decisions import AlreadyProcessed, Delivery, InFlight, Outcome
from functions.ledger.ledger import Lease
from functions.ledger.stores import open_ledger
from functions.pubsub.dead_letters import RECEIVER, add_dead_letter_attributes
from functions.timestamps import timestamp

PROJECT = "conformance"
SOURCE = "/ingest/anonymous"
LEASE_SECONDS = 40
KEEP_DAYS = 35

HANDLED = {"status": 200, "message": "Product created", "final": True}
REJECTED = {"status": 400, "message": "SKU is taken", "final": True}
UNAVAILABLE = {"status": 503, "message": "Commerce is down", "final": False}

_numbers = itertools.count(1)


class BrokerClients:
    """Google's clients of one broker.

    Args:
        address: ``host:port``.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._channel = grpc.insecure_channel(address)
        self.publisher = PublisherClient(
            transport=PublisherGrpcTransport(channel=self._channel)
        )
        self.subscriber = SubscriberClient(
            transport=SubscriberGrpcTransport(channel=self._channel)
        )

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()


class CliDeployment:
    """A deployment with a prefix of its own on a broker that tests share.

    An inbound entity has its topic as soon as a helper is about it. The topic has a
    subscription ``…-seen``, from which tests read what was published.

    Attributes:
        environment: variables by which commands find it as the local stack.
        ledger: the consumer's.
    """

    def __init__(
        self, clients: BrokerClients, folder: Path, ack_deadline_seconds: int = 60
    ) -> None:
        self.clients = clients
        self.prefix = f"t{next(_numbers)}-{uuid.uuid4().hex[:6]}-"
        self.folder = folder
        self.environment = {"LOCAL_STATE": str(folder), "TOPIC_PREFIX": self.prefix}
        self.ledger = open_ledger(
            f"sqlite:{folder / 'ledger.sqlite'}",
            "p",
            lease_seconds=LEASE_SECONDS,
            keep_days=KEEP_DAYS,
        )
        self.store = self.ledger.store
        self._entities: set[str] = set()
        clients.publisher.create_topic(name=self.topic("dead-letters"))
        self.subscribe("dead-letters", "dead-letters", ack_deadline_seconds)
        self.write_stack_file()

    @property
    def deployment(self) -> Deployment:
        """As commands see it."""
        return find_deployment(None, None, None, self.environment)

    def topic(self, name: str) -> str:
        """A topic's full name."""
        return f"projects/{PROJECT}/topics/{self.prefix}{name}"

    def subscription(self, name: str) -> str:
        """A subscription's full name."""
        return f"projects/{PROJECT}/subscriptions/{self.prefix}{name}"

    def subscribe(
        self, name: str, topic: str, ack_deadline_seconds: int = 60, **fields: Any
    ) -> None:
        """Create a subscription."""
        self._ensure_topic(topic)
        self.clients.subscriber.create_subscription(
            request=Subscription(
                name=self.subscription(name),
                topic=self.topic(topic),
                ack_deadline_seconds=ack_deadline_seconds,
                message_retention_duration=timedelta(days=1),
                **fields,
            )
        )

    def write_stack_file(self, **changes: Any) -> None:
        """Write ``stack.json``."""
        stack = {
            "ingest": "http://127.0.0.1:1",
            "console": None,
            "broker": self.clients.address,
            "commerce": "http://127.0.0.1:1",
            "real_store": False,
            "consumer": "http://127.0.0.1:9/",
            "project": PROJECT,
            "ledger": f"sqlite:{self.folder / 'ledger.sqlite'}",
            "pid": os.getpid(),
            **changes,
        }
        (self.folder / "stack.json").write_text(json.dumps(stack))

    def cloud_environment(self, **variables: str) -> dict[str, str]:
        """Variables by which commands find it as a project in the cloud."""
        return {
            "LOCAL_STATE": str(self.folder / "no-stack"),
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "PUBSUB_EMULATOR_HOST": self.clients.address,
            "LEDGER": f"sqlite:{self.folder / 'ledger.sqlite'}",
            **variables,
        }

    def run(self, *arguments: str, **options: Any) -> Result:
        """Run a command; *options* of ``CliRunner.invoke``."""
        return CliRunner(env=self.environment).invoke(main, arguments, **options)

    def run_json(self, *arguments: str, status: int = 0) -> list[dict[str, Any]]:
        """What a command prints with ``--json``; it must end with *status*."""
        result = self.run(*arguments, "--json")
        assert result.exit_code == status, (result.output, result.exception)
        return [json.loads(line) for line in result.stdout.splitlines()]

    # Events and dead letters

    def publish(
        self, topic: str, data: bytes, ordering_key: str = "", **attributes: str
    ) -> str:
        """Publish a message; its id."""
        self._ensure_topic(topic)
        response = self.clients.publisher.publish(
            topic=self.topic(topic),
            messages=[
                PubsubMessage(
                    data=data, ordering_key=ordering_key, attributes=attributes
                )
            ],
        )
        return response.message_ids[0]

    def add_rejected(
        self,
        event: str,
        value: Any,
        uid: str,
        *,
        reason: str = "Commerce answered 400: No.",
        status: int = 400,
        time: str | None = None,
        **attributes: str,
    ) -> str:
        """Store a dead letter as the consumer does; its message id."""
        definition = catalog.EVENTS[f"be-observer.{event}"]
        self._ensure_topic(definition.entity)
        original = message(definition, uid, value, SOURCE, time or timestamp(), None)
        push = Push(
            data=original.data,
            attributes={**original.attributes, **attributes},
            ordering_key=original.ordering_key,
            message_id=f"original-{uid}",
            subscription=self.subscription(definition.entity),
            attempt=2,
            published="",
        )
        stored = dead_letter_attributes(push, status, reason, datetime.now(UTC))
        return self.publish(
            "dead-letters", original.data, original.ordering_key, **stored
        )

    def add_entity(self, entity: str) -> None:
        """Create the topic of an entity."""
        self._entities.add(entity)
        self.clients.publisher.create_topic(name=self.topic(entity))
        self.subscribe(f"{entity}-seen", entity, enable_message_ordering=True)

    def _ensure_topic(self, name: str) -> None:
        if name in catalog.INBOUND_ENTITIES and name not in self._entities:
            self.add_entity(name)

    def add_not_publishable(self, delivered: Any, reason: str = "No") -> str:
        """Store a dead letter as the receiver does; its message id."""
        event = AdobeEvent(delivered).dead_letter(timestamp(), None)
        attributes = add_dead_letter_attributes(
            event.attributes,
            reason=reason,
            status=400,
            subscription=RECEIVER,
            message_id="",
            attempts=0,
            now=datetime.now(UTC),
        )
        return self.publish("dead-letters", event.data, **attributes)

    def add_exhausted(self, event: str, value: Any, uid: str, **attributes: str) -> str:
        """Store a dead letter as Pub/Sub does; its message id."""
        definition = catalog.EVENTS[f"be-observer.{event}"]
        self._ensure_topic(definition.entity)
        original = message(definition, uid, value, SOURCE, timestamp(), None)
        prefix = "CloudPubSubDeadLetterSource"
        stored = {
            **original.attributes,
            f"{prefix}DeliveryCount": "100",
            f"{prefix}Subscription": f"{self.prefix}{definition.entity}",
            f"{prefix}SubscriptionProject": PROJECT,
            f"{prefix}TopicPublishTime": "2026-10-05T12:00:00.000+00:00",
            **attributes,
        }
        return self.publish(
            "dead-letters", original.data, original.ordering_key, **stored
        )

    def attempt(
        self, event: str, value: Any, uid: str, **outcome: Any
    ) -> Lease | AlreadyProcessed | InFlight:
        """One delivery attempt in the ledger; in flight without an *outcome*.

        Args:
            outcome: of ``Outcome``, and the message's ``message_id`` and ``time``.
        """
        definition = catalog.EVENTS[f"be-observer.{event}"]
        key = definition.ordering_key(value)
        lease = self.ledger.acquire(
            SOURCE,
            uid,
            Delivery(
                message_id=outcome.pop("message_id", f"original-{uid}"),
                uid=self.ledger.hashes.uid(uid),
                resource=self.ledger.hashes.resource(key) if key else None,
                event=definition.name,
                entity=definition.entity,
                content_hash=self.ledger.hashes.content(
                    definition.name, definition.load(value)
                ),
                idempotent=definition.idempotent,
                time=outcome.pop("time", timestamp()),
            ),
        )
        if outcome:
            assert isinstance(lease, Lease)
            assert self.ledger.complete(lease, Outcome(**outcome))
        return lease

    def published(self, entity: str) -> list[PubsubMessage]:
        """What was published to an entity's topic since the last call."""
        self._ensure_topic(entity)
        name = self.subscription(f"{entity}-seen")
        messages = []
        while received := self.pull(name):
            self.clients.subscriber.acknowledge(
                subscription=name, ack_ids=[message.ack_id for message in received]
            )
            messages += [message.message for message in received]
        return messages

    def available(self) -> int:
        """How many dead letters can be pulled; all are released."""
        name = self.subscription("dead-letters")
        messages: list[ReceivedMessage] = []
        while received := self.pull(name, 1000):
            messages += received
        self.release(*messages)
        return len(messages)

    def pull(self, subscription: str, limit: int = 100) -> list[ReceivedMessage]:
        """One pull that does not wait."""
        request = PullRequest(
            subscription=subscription, max_messages=limit, return_immediately=True
        )
        response = self.clients.subscriber.transport.pull(request)
        return list(response.received_messages)

    def release(self, *messages: ReceivedMessage) -> None:
        """Make pulled dead letters available again."""
        if messages:
            self.clients.subscriber.modify_ack_deadline(
                subscription=self.subscription("dead-letters"),
                ack_ids=[message.ack_id for message in messages],
                ack_deadline_seconds=0,
            )
