"""Topics and subscriptions are created, shown, changed and deleted as by Google."""

import pytest
from google.api_core import exceptions
from google.protobuf.field_mask_pb2 import FieldMask

from local.broker import pubsub_pb2
from tests.support.broker_api import (
    PROJECT,
    duration,
    only_ours,
    read_subscription,
    update_subscription,
)


def _fields(config: pubsub_pb2.Subscription) -> dict:
    return {
        "topic": config.topic,
        "push": config.push_config.push_endpoint,
        "deadline": config.ack_deadline_seconds,
        "retention": config.message_retention_duration.seconds,
        "ordered": config.enable_message_ordering,
        "labels": dict(config.labels),
    }


def test_a_topic_is_found_and_listed_until_it_is_deleted(api):
    name = api.topic()
    project = name.split("/topics/")[0]
    assert api.publisher.get_topic(topic=name).name == name
    assert name in [t.name for t in api.publisher.list_topics(project=project)]

    api.publisher.delete_topic(topic=name)

    with pytest.raises(exceptions.NotFound):
        api.publisher.get_topic(topic=name)
    assert name not in [t.name for t in api.publisher.list_topics(project=project)]


def test_a_subscription_gets_pubsubs_defaults(api):
    topic = api.topic()
    name = api.subscription(topic)
    assert _fields(read_subscription(api, name)) == {
        "topic": topic,
        "push": "",
        "deadline": 10,
        "retention": 604800,
        "ordered": False,
        "labels": {},
    }


def test_a_subscription_is_stored_as_it_was_created(api):
    topic = api.topic()
    name = api.subscription(
        topic,
        ack_deadline_seconds=77,
        message_retention_duration=duration(3600),
        enable_message_ordering=True,
        labels={"a": "b"},
        push_config={"push_endpoint": "http://127.0.0.1:9/x"},
        retry_policy={
            "minimum_backoff": duration(1.5),
            "maximum_backoff": duration(600),
        },
        dead_letter_policy={"dead_letter_topic": topic, "max_delivery_attempts": 7},
    )
    config = read_subscription(api, name)
    assert _fields(config) == {
        "topic": topic,
        "push": "http://127.0.0.1:9/x",
        "deadline": 77,
        "retention": 3600,
        "ordered": True,
        "labels": {"a": "b"},
    }
    assert config.retry_policy.minimum_backoff == duration(1.5)
    assert config.retry_policy.maximum_backoff == duration(600)
    assert config.dead_letter_policy.dead_letter_topic == topic
    assert config.dead_letter_policy.max_delivery_attempts == 7


def test_a_deleted_subscription_is_gone(api):
    topic = api.topic()
    name = api.subscription(topic)
    api.subscriber.delete_subscription(subscription=name)
    with pytest.raises(exceptions.NotFound):
        api.subscriber.get_subscription(subscription=name)
    assert list(api.publisher.list_topic_subscriptions(topic=topic)) == []


def test_subscriptions_are_listed_by_topic_and_by_project(api):
    topic = api.topic()
    names = sorted(api.subscription(topic) for _ in range(3))
    api.subscription(api.topic())

    by_topic = sorted(api.publisher.list_topic_subscriptions(topic=topic))
    everything = api.subscriber.list_subscriptions(project=PROJECT)

    assert by_topic == names
    assert set(names) <= {config.name for config in everything}


def test_lists_come_in_pages(api):
    project = f"{PROJECT}-pages"
    names = [f"{project}/topics/paged-{n}" for n in range(5)]
    for name in names:
        api.call("Publisher/CreateTopic", pubsub_pb2.Topic(name=name), pubsub_pb2.Topic)
    listed, token, pages = [], "", 0
    while pages == 0 or token:
        request = pubsub_pb2.ListTopicsRequest(
            project=project, page_size=2, page_token=token
        )
        page = api.call("Publisher/ListTopics", request, pubsub_pb2.ListTopicsResponse)
        listed += [topic.name for topic in page.topics]
        token, pages = page.next_page_token, pages + 1
    for name in names:
        api.publisher.delete_topic(topic=name)
    assert (sorted(listed), pages) == (names, 3)


def test_an_update_changes_what_its_mask_names_and_nothing_else(api):
    topic = api.topic()
    name = api.subscription(topic, labels={"a": "b"}, ack_deadline_seconds=20)
    change = pubsub_pb2.Subscription(
        name=name, topic=topic, ack_deadline_seconds=99, labels={"c": "d"}
    )
    answered = update_subscription(api, change, "ack_deadline_seconds")
    assert answered == read_subscription(api, name)
    assert answered.ack_deadline_seconds == 99
    assert dict(answered.labels) == {"a": "b"}


def test_an_update_removes_a_policy_that_only_its_mask_names(api):
    topic = api.topic()
    policy = {"dead_letter_topic": topic, "max_delivery_attempts": 5}
    name = api.subscription(topic, dead_letter_policy=policy)
    update_subscription(
        api, pubsub_pb2.Subscription(name=name, topic=topic), "dead_letter_policy"
    )
    assert not read_subscription(api, name).HasField("dead_letter_policy")


def test_push_is_switched_off_and_on(api):
    topic = api.topic()
    push = {"push_endpoint": "http://127.0.0.1:9/"}
    name = api.subscription(topic, push_config=push)
    seen = []
    for config in ({}, push):
        request = pubsub_pb2.ModifyPushConfigRequest(
            subscription=name, push_config=config
        )
        api.call("Subscriber/ModifyPushConfig", request)
        seen.append(read_subscription(api, name).push_config.push_endpoint)
    assert seen == ["", "http://127.0.0.1:9/"]


def test_a_subscription_outlives_its_topic(api):
    topic = api.topic()
    name = api.subscription(topic)
    api.publish(topic, b"before")
    api.publisher.delete_topic(topic=topic)
    assert read_subscription(api, name).topic == "_deleted-topic_"
    [received] = api.pull(name)
    assert received.message.data == b"before"


TOPIC = f"{PROJECT}/topics/not-there"
SUBSCRIPTION = f"{PROJECT}/subscriptions/not-there"
MISSING = [
    ("Publisher/GetTopic", pubsub_pb2.GetTopicRequest(topic=TOPIC)),
    ("Publisher/DeleteTopic", pubsub_pb2.DeleteTopicRequest(topic=TOPIC)),
    (
        "Publisher/Publish",
        pubsub_pb2.PublishRequest(topic=TOPIC, messages=[{"data": b"x"}]),
    ),
    (
        "Subscriber/GetSubscription",
        pubsub_pb2.GetSubscriptionRequest(subscription=SUBSCRIPTION),
    ),
    (
        "Subscriber/DeleteSubscription",
        pubsub_pb2.DeleteSubscriptionRequest(subscription=SUBSCRIPTION),
    ),
    (
        "Subscriber/UpdateSubscription",
        pubsub_pb2.UpdateSubscriptionRequest(
            subscription=pubsub_pb2.Subscription(
                name=SUBSCRIPTION, topic=TOPIC, ack_deadline_seconds=10
            ),
            update_mask=FieldMask(paths=["ack_deadline_seconds"]),
        ),
    ),
    (
        "Subscriber/ModifyPushConfig",
        pubsub_pb2.ModifyPushConfigRequest(subscription=SUBSCRIPTION, push_config={}),
    ),
    (
        "Subscriber/Pull",
        pubsub_pb2.PullRequest(subscription=SUBSCRIPTION, max_messages=1),
    ),
    (
        "Subscriber/Acknowledge",
        pubsub_pb2.AcknowledgeRequest(subscription=SUBSCRIPTION, ack_ids=["1-1-1"]),
    ),
    (
        "Subscriber/ModifyAckDeadline",
        pubsub_pb2.ModifyAckDeadlineRequest(
            subscription=SUBSCRIPTION, ack_ids=["1-1-1"]
        ),
    ),
    (
        "Subscriber/CreateSubscription",
        pubsub_pb2.Subscription(name=SUBSCRIPTION, topic=TOPIC),
    ),
]


@pytest.mark.parametrize(
    ("method", "request_"), MISSING, ids=[method for method, _ in MISSING]
)
def test_an_unknown_resource_is_not_found(api, method, request_):
    assert api.status(method, request_) == "NOT_FOUND"


@only_ours("answers an empty list")
def test_subscriptions_of_an_unknown_topic_are_not_found(api):
    request = pubsub_pb2.ListTopicSubscriptionsRequest(topic=TOPIC)
    assert api.status("Publisher/ListTopicSubscriptions", request) == "NOT_FOUND"


@only_ours("does not know the method")
def test_a_detached_subscription_keeps_nothing_and_gets_nothing(api):
    topic = api.topic()
    name = api.subscription(topic)
    api.publish(topic)
    request = pubsub_pb2.DetachSubscriptionRequest(subscription=name)
    api.call(
        "Publisher/DetachSubscription", request, pubsub_pb2.DetachSubscriptionResponse
    )
    api.publish(topic)

    pull = pubsub_pb2.PullRequest(subscription=name, max_messages=1)
    missing = pubsub_pb2.DetachSubscriptionRequest(subscription=SUBSCRIPTION)
    assert [
        api.status("Subscriber/Pull", pull),
        api.status("Publisher/DetachSubscription", missing),
        list(api.publisher.list_topic_subscriptions(topic=topic)),
        read_subscription(api, name).detached,
    ] == ["FAILED_PRECONDITION", "NOT_FOUND", [], True]


@only_ours("does not know the method")
def test_a_detached_subscription_of_a_deleted_topic(api):
    topic = api.topic()
    name = api.subscription(topic)
    detach = pubsub_pb2.DetachSubscriptionRequest(subscription=name)
    api.call(
        "Publisher/DetachSubscription", detach, pubsub_pb2.DetachSubscriptionResponse
    )
    api.publisher.delete_topic(topic=topic)
    shown = read_subscription(api, name)
    api.subscriber.delete_subscription(subscription=name)
    assert (shown.topic, shown.detached) == ("_deleted-topic_", True)
    request = pubsub_pb2.GetSubscriptionRequest(subscription=name)
    assert api.status("Subscriber/GetSubscription", request) == "NOT_FOUND"


def test_a_topic_made_again_does_not_get_its_old_subscriptions(api):
    topic = api.topic()
    api.subscription(topic)
    api.publisher.delete_topic(topic=topic)
    api.publisher.create_topic(name=topic)
    assert list(api.publisher.list_topic_subscriptions(topic=topic)) == []
