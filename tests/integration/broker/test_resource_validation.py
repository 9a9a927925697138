"""Requests that Google rejects are rejected here, with the same status."""

from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from local.broker import pubsub_pb2
from tests.support.broker_api import (
    PROJECT,
    Api,
    duration,
    only_ours,
    read_subscription,
    update_subscription,
)


def test_an_existing_resource_is_not_created_again(api):
    topic = api.topic()
    subscription = api.subscription(topic)
    again = pubsub_pb2.Subscription(name=subscription, topic=topic)
    assert [
        api.status("Publisher/CreateTopic", pubsub_pb2.Topic(name=topic)),
        api.status("Subscriber/CreateSubscription", again),
    ] == ["ALREADY_EXISTS", "ALREADY_EXISTS"]


def _statuses(api: Api, method: str, requests: dict[str, Any]) -> dict[str, str]:
    """By case: the status of its request."""
    return {case: api.status(method, request) for case, request in requests.items()}


BAD_NAMES = [
    "",
    "topic",
    "projects/p/topic/abc",
    "projects/p/topics/",
    "projects/p/topics/ab",
    "projects/p/topics/1abc",
    "projects/p/topics/a b c",
    "projects/p/topics/abc/d",
    "projects/p/topics/google",
    "projects/p/topics/" + "a" * 256,
]


def test_a_name_against_the_rules_is_rejected(api):
    topics = {name: pubsub_pb2.Topic(name=name) for name in BAD_NAMES}
    assert _statuses(api, "Publisher/CreateTopic", topics) == dict.fromkeys(
        BAD_NAMES, "INVALID_ARGUMENT"
    )


@only_ours("takes an empty project")
def test_a_name_without_a_project_is_rejected(api):
    topic = pubsub_pb2.Topic(name="projects//topics/abc")
    assert api.status("Publisher/CreateTopic", topic) == "INVALID_ARGUMENT"


def _statuses_of(api: Api, configs: dict[str, dict]) -> dict[str, str]:
    """By case: the status of the creation of such a subscription."""
    topic = api.topic()
    name = f"{PROJECT}/subscriptions/out-of-bounds"
    requests = {}
    for case, config in configs.items():
        request = pubsub_pb2.Subscription(name=name, topic=topic, **config)
        if request.HasField("dead_letter_policy"):
            request.dead_letter_policy.dead_letter_topic = topic
        requests[case] = request
    return _statuses(api, "Subscriber/CreateSubscription", requests)


def test_an_invalid_subscription_is_rejected(api):
    configs = {
        "long deadline": {"ack_deadline_seconds": 601},
        "no endpoint": {"push_config": {"push_endpoint": "nowhere"}},
    }
    assert _statuses_of(api, configs) == dict.fromkeys(configs, "INVALID_ARGUMENT")


BAD_SUBSCRIPTIONS = {
    "short deadline": {"ack_deadline_seconds": 9},
    "short retention": {"message_retention_duration": duration(599)},
    "long retention": {"message_retention_duration": duration(31 * 86400 + 1)},
    "negative backoff": {"retry_policy": {"minimum_backoff": duration(-1)}},
    "long backoff": {"retry_policy": {"maximum_backoff": duration(601)}},
    "backoff upside down": {
        "retry_policy": {
            "minimum_backoff": duration(20),
            "maximum_backoff": duration(10),
        }
    },
    "few attempts": {"dead_letter_policy": {"max_delivery_attempts": 4}},
    "many attempts": {"dead_letter_policy": {"max_delivery_attempts": 101}},
}


@only_ours("takes any")
def test_a_subscription_out_of_bounds_is_rejected(api):
    assert _statuses_of(api, BAD_SUBSCRIPTIONS) == dict.fromkeys(
        BAD_SUBSCRIPTIONS, "INVALID_ARGUMENT"
    )


@only_ours("takes and ignores it")
def test_an_update_out_of_bounds_changes_nothing(api):
    topic = api.topic()
    name = api.subscription(topic)
    before = read_subscription(api, name)
    change = pubsub_pb2.Subscription(name=name, topic=topic, ack_deadline_seconds=9)
    with pytest.raises(grpc.RpcError) as error:
        update_subscription(api, change, "ack_deadline_seconds")
    assert error.value.code().name == "INVALID_ARGUMENT"
    assert read_subscription(api, name) == before


def test_an_invalid_mask_is_rejected(api):
    """Empty, of an unknown field, and of two that cannot be changed."""
    changed = pubsub_pb2.Subscription(
        name=api.subscription(api.topic()),
        topic=api.topic(),
        enable_message_ordering=True,
    )
    requests = {
        path: pubsub_pb2.UpdateSubscriptionRequest(
            subscription=changed, update_mask=FieldMask(paths=[path] if path else [])
        )
        for path in ("", "no_such_field", "topic", "enable_message_ordering")
    }
    assert _statuses(api, "Subscriber/UpdateSubscription", requests) == dict.fromkeys(
        requests, "INVALID_ARGUMENT"
    )


@only_ours("does not know a topic's labels in a mask")
def test_a_topics_labels_are_changed(api):
    topic = api.topic()
    change = pubsub_pb2.UpdateTopicRequest(
        topic=pubsub_pb2.Topic(name=topic, labels={"a": "b"}),
        update_mask=FieldMask(paths=["labels"]),
    )
    api.call("Publisher/UpdateTopic", change, pubsub_pb2.Topic)
    assert dict(api.publisher.get_topic(topic=topic).labels) == {"a": "b"}


UNSUPPORTED = {
    "exactly once": {"enable_exactly_once_delivery": True},
    "BigQuery": {"bigquery_config": {"table": "p.d.t"}},
    "storage": {"cloud_storage_config": {"bucket": "b"}},
    "acknowledged messages": {"retain_acked_messages": True},
    "expiration": {"expiration_policy": {"ttl": duration(86400)}},
    "filter": {"filter": "attributes:domain"},
    "transforms": {"message_transforms": [{}]},
    "unwrapped": {
        "push_config": {"push_endpoint": "http://127.0.0.1:9/", "no_wrapper": {}}
    },
    "push attributes": {
        "push_config": {"attributes": {"x-goog-version": "v1beta1"}},
    },
}


@only_ours("takes more, and does some of it")
def test_a_subscription_option_without_effect_is_rejected(api):
    assert _statuses_of(api, UNSUPPORTED) == dict.fromkeys(UNSUPPORTED, "UNIMPLEMENTED")


@only_ours("takes and ignores them")
def test_a_topic_option_without_effect_is_rejected(api):
    options = {
        "message_retention_duration": duration(600),
        "kms_key_name": "key",
        "message_storage_policy": {"allowed_persistence_regions": ["europe-west1"]},
        "schema_settings": {"schema": "s"},
    }
    name = f"{PROJECT}/topics/unsupported"
    topics = {
        option: pubsub_pb2.Topic(name=name, **{option: value})
        for option, value in options.items()
    }
    assert _statuses(api, "Publisher/CreateTopic", topics) == dict.fromkeys(
        options, "UNIMPLEMENTED"
    )


@only_ours("takes and ignores it")
def test_an_update_to_an_option_without_effect_is_rejected(api):
    name = api.subscription(api.topic())
    request = pubsub_pb2.UpdateSubscriptionRequest(
        subscription=pubsub_pb2.Subscription(name=name, retain_acked_messages=True),
        update_mask=FieldMask(paths=["retain_acked_messages"]),
    )
    status = api.status("Subscriber/UpdateSubscription", request)
    assert status == "UNIMPLEMENTED"


def test_a_subscription_that_never_expires_is_accepted(api):
    api.subscription(api.topic(), expiration_policy={})
