"""The local broker has the topics and subscriptions of the deployment."""

import asyncio

import grpc
from google.pubsub_v1 import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from functions.events.catalog import ENTITIES
from local.provision import DeliverySettings, provision
from tests.terraform.workspace import PROTECTION

PROJECT = "local"


def local(broker):
    """The subscriptions of the broker, by name."""
    with grpc.insecure_channel(broker) as channel:
        client = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        return {
            one.name.rpartition("/")[2]: {
                "topic": one.topic.rpartition("/")[2],
                "ack_deadline_seconds": one.ack_deadline_seconds,
                "message_retention": one.message_retention_duration.total_seconds(),
                "ordered": one.enable_message_ordering,
                "pushed": bool(one.push_config.push_endpoint),
                "backoff": one.retry_policy
                and [
                    one.retry_policy.minimum_backoff.total_seconds(),
                    one.retry_policy.maximum_backoff.total_seconds(),
                ],
                "dead_letters": one.dead_letter_policy
                and [
                    one.dead_letter_policy.dead_letter_topic.rpartition("/")[2],
                    one.dead_letter_policy.max_delivery_attempts,
                ],
            }
            for one in client.list_subscriptions(project=f"projects/{PROJECT}")
        }


def deployed(state):
    """The subscriptions of the deployment, by name."""
    resources = [one for one in state["root_module"]["resources"] if "values" in one]
    topics = {
        one["values"]["id"]: one["values"]["name"]
        for one in resources
        if one["type"] == "google_pubsub_topic"
    }
    subscriptions = {}
    for one in resources:
        if one["type"] != "google_pubsub_subscription":
            continue
        values = one["values"]
        retry, dead = values["retry_policy"], values["dead_letter_policy"]
        subscriptions[values["name"]] = {
            "topic": topics[values["topic"]],
            "ack_deadline_seconds": values["ack_deadline_seconds"],
            "message_retention": seconds(values["message_retention_duration"]),
            "ordered": bool(values["enable_message_ordering"]),
            "pushed": bool(values["push_config"]),
            "backoff": retry
            and [
                seconds(retry[0]["minimum_backoff"]),
                seconds(retry[0]["maximum_backoff"]),
            ],
            "dead_letters": dead
            and [
                topics[dead[0]["dead_letter_topic"]],
                dead[0]["max_delivery_attempts"],
            ],
        }
    return subscriptions


def seconds(text):
    return float(text.removesuffix("s"))


def test_local_broker_matches_the_deployment(started, broker):
    asyncio.run(
        provision(
            broker,
            PROJECT,
            "commerce-",
            "http://127.0.0.1:9/",
            DeliverySettings.from_catalog(),
            ENTITIES,
        )
    )
    expected = deployed(started[PROTECTION].result().applied)
    actual = local(broker)
    for one in (*actual.values(), *expected.values()):
        one["backoff"] = one["backoff"] or None
        one["dead_letters"] = one["dead_letters"] or None
    assert len(expected) == len(ENTITIES) + 1  # and the dead letters
    assert actual == expected
