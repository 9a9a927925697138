"""A deployment on a broker: topics, their subscriptions, a ledger, ``stack.json``."""

import itertools
import json
import os
import uuid
from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner

from cli.__main__ import main
from cli.where import Where, resolve
from functions.consumer.dead_letter_topic import dead_letter_attributes
from functions.consumer.push import Push
from functions.events import catalog
from functions.events.message import content_hash, message
from functions.ledger.decisions import Delivery, Outcome
from functions.ledger.ledger import Lease, Ledger, resource_hash, uid_hash
from functions.ledger.sqlite import SqliteStore
from functions.timestamps import timestamp
from local.broker import pubsub_pb2
from tests.support.broker_api import Api, duration

PROJECT = "conformance"
SOURCE = "/ingest/anonymous"
_numbers = itertools.count(1)


class Deployment:
    """What operators find, with a prefix of its own on a broker that others share.

    Each topic has a subscription ``…-seen`` beside, from which tests read what was
    published.

    Attributes:
        environment: by which commands find it as the local stack.
        ledger: the consumer's.
    """

    def __init__(self, api: Api, folder: Path, ack_deadline_seconds: int = 60) -> None:
        self.api = api
        self.prefix = f"t{next(_numbers)}-{uuid.uuid4().hex[:6]}-"
        self.folder = folder
        self.environment = {"LOCAL_STATE": str(folder), "TOPIC_PREFIX": self.prefix}
        self.store = SqliteStore(str(folder / "ledger.sqlite"))
        self.ledger = Ledger(self.store, lease_seconds=40, keep_days=35)
        for name in (*catalog.ENTITIES, "dead-letters"):
            topic = pubsub_pb2.Topic(name=self.topic(name))
            api.call("Publisher/CreateTopic", topic, pubsub_pb2.Topic)
        for entity in catalog.ENTITIES:
            self.subscribe(f"{entity}-seen", entity, ordered=True)
        self.subscribe("dead-letters", "dead-letters", ack_deadline_seconds)
        self.announce()

    @property
    def where(self) -> Where:
        """As commands see it."""
        return resolve(None, None, None, self.environment)

    def topic(self, name: str) -> str:
        """A topic's full name."""
        return f"projects/{PROJECT}/topics/{self.prefix}{name}"

    def subscription(self, name: str) -> str:
        """A subscription's full name."""
        return f"projects/{PROJECT}/subscriptions/{self.prefix}{name}"

    def subscribe(
        self, name: str, topic: str, ack_deadline_seconds=60, ordered=False, **more
    ) -> None:
        """Make a subscription."""
        request = pubsub_pb2.Subscription(
            name=self.subscription(name),
            topic=self.topic(topic),
            ack_deadline_seconds=ack_deadline_seconds,
            enable_message_ordering=ordered,
            message_retention_duration=duration(86400),
            **more,
        )
        self.api.call("Subscriber/CreateSubscription", request, pubsub_pb2.Subscription)

    def announce(self, **changes) -> None:
        """Write ``stack.json``."""
        stack = {
            "ingest": "http://127.0.0.1:1",
            "console": None,
            "broker": self.api.address,
            "commerce": "http://127.0.0.1:1",
            "real_store": False,
            "consumer": "http://127.0.0.1:9/",
            "project": PROJECT,
            "ledger": f"sqlite:{self.folder / 'ledger.sqlite'}",
            "pid": os.getpid(),
            **changes,
        }
        (self.folder / "stack.json").write_text(json.dumps(stack))

    def run(self, *arguments: str, **more):
        """Run a command."""
        return CliRunner(env=self.environment).invoke(main, arguments, **more)

    def told(self, *arguments: str, status: int = 0) -> list[dict]:
        """What a command prints with ``--json``."""
        result = self.run(*arguments, "--json")
        assert result.exit_code == status, (result.output, result.exception)
        return [json.loads(line) for line in result.stdout.splitlines()]

    # Events and letters

    def refused(
        self,
        event: str,
        value,
        uid: str,
        *,
        reason: str = "Commerce answered 400: No.",
        status: int = 400,
        time: str | None = None,
        **attributes: str,
    ) -> str:
        """A dead letter as the consumer writes it; its message id."""
        known = catalog.find(f"be-observer.{event}")
        made = message(known, uid, value, SOURCE, time or timestamp(), None)
        push = Push(
            data=made.data,
            attributes={**made.attributes, **attributes},
            ordering_key=made.ordering_key,
            message_id=f"original-{uid}",
            subscription=self.subscription(known.entity),
            attempt=2,
            published="",
        )
        written = dead_letter_attributes(push, status, reason, datetime.now(UTC))
        return self.api.publish(
            self.topic("dead-letters"), made.data, made.ordering_key, **written
        )

    def out_of_tries(self, event: str, value, uid: str, **attributes: str) -> str:
        """A dead letter as Pub/Sub writes it; its message id."""
        known = catalog.find(f"be-observer.{event}")
        made = message(known, uid, value, SOURCE, timestamp(), None)
        by = "CloudPubSubDeadLetterSource"
        written = {
            **made.attributes,
            f"{by}DeliveryCount": "100",
            f"{by}Subscription": f"{self.prefix}{known.entity}",
            f"{by}SubscriptionProject": PROJECT,
            f"{by}TopicPublishTime": "2026-10-05T12:00:00.000+00:00",
            **attributes,
        }
        return self.api.publish(
            self.topic("dead-letters"), made.data, made.ordering_key, **written
        )

    def tried(self, event: str, value, uid: str, **outcome) -> Lease:
        """What the ledger has after a delivery that ended so; no outcome: under way."""
        known = catalog.find(f"be-observer.{event}")
        key = known.ordering_key(value)
        claim = self.ledger.acquire(
            SOURCE,
            uid,
            Delivery(
                message_id=outcome.pop("message_id", f"original-{uid}"),
                uid=uid_hash(uid),
                resource=resource_hash(key) if key else None,
                event=known.name,
                entity=known.entity,
                content_hash=content_hash(known.name, known.load(value)),
                idempotent=known.idempotent,
                time=outcome.pop("time", timestamp()),
            ),
        )
        if outcome:
            assert self.ledger.complete(claim, Outcome(**outcome))
        return claim

    def published(self, entity: str) -> list:
        """What was published to an entity's topic since last asked."""
        name = self.subscription(f"{entity}-seen")
        found = []
        while received := self.api.pull(name, 100, wait=False):
            self.api.acknowledge(name, *received)
            found += [one.message for one in received]
        return found

    def waiting(self) -> int:
        """How many dead letters could be pulled at this moment; all are given back."""
        name = self.subscription("dead-letters")
        found = []
        while received := self.api.pull(name, 1000, wait=False):
            found += received
        if found:
            self.api.deadline(name, 0, *found)
        return len(found)
