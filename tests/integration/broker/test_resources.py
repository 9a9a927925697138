"""Topics and subscriptions are created, shown, changed and deleted as by Google."""

import grpc
import pytest
from google.api_core import exceptions
from google.protobuf.field_mask_pb2 import FieldMask

from local.broker import pubsub_pb2
from tests.support.broker_api import PROJECT, Api, duration, only_ours


def _fields(config: pubsub_pb2.Subscription) -> dict:
    return {
        "topic": config.topic,
        "push": config.push_config.push_endpoint,
        "deadline": config.ack_deadline_seconds,
        "retention": config.message_retention_duration.seconds,
        "ordered": config.enable_message_ordering,
        "labels": dict(config.labels),
    }


def _subscription(api: Api, name: str) -> pubsub_pb2.Subscription:
    request = pubsub_pb2.GetSubscriptionRequest(subscription=name)
    return api.call("Subscriber/GetSubscription", request, pubsub_pb2.Subscription)


def _update(
    api: Api, config: pubsub_pb2.Subscription, *paths: str
) -> pubsub_pb2.Subscription:
    request = pubsub_pb2.UpdateSubscriptionRequest(
        subscription=config, update_mask=FieldMask(paths=paths)
    )
    return api.call("Subscriber/UpdateSubscription", request, pubsub_pb2.Subscription)


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
    assert _fields(_subscription(api, name)) == {
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
    config = _subscription(api, name)
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
    answered = _update(api, change, "ack_deadline_seconds")
    assert answered == _subscription(api, name)
    assert answered.ack_deadline_seconds == 99
    assert dict(answered.labels) == {"a": "b"}


def test_an_update_removes_a_policy_that_only_its_mask_names(api):
    topic = api.topic()
    policy = {"dead_letter_topic": topic, "max_delivery_attempts": 5}
    name = api.subscription(topic, dead_letter_policy=policy)
    _update(api, pubsub_pb2.Subscription(name=name, topic=topic), "dead_letter_policy")
    assert not _subscription(api, name).HasField("dead_letter_policy")


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
        seen.append(_subscription(api, name).push_config.push_endpoint)
    assert seen == ["", "http://127.0.0.1:9/"]


def test_a_subscription_outlives_its_topic(api):
    topic = api.topic()
    name = api.subscription(topic)
    api.publish(topic, b"before")
    api.publisher.delete_topic(topic=topic)
    assert _subscription(api, name).topic == "_deleted-topic_"
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
        _subscription(api, name).detached,
    ] == ["FAILED_PRECONDITION", "NOT_FOUND", [], True]


def test_an_existing_resource_is_not_created_again(api):
    topic = api.topic()
    subscription = api.subscription(topic)
    again = pubsub_pb2.Subscription(name=subscription, topic=topic)
    assert [
        api.status("Publisher/CreateTopic", pubsub_pb2.Topic(name=topic)),
        api.status("Subscriber/CreateSubscription", again),
    ] == ["ALREADY_EXISTS", "ALREADY_EXISTS"]


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


@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: repr(name[:24]))
def test_a_name_against_the_rules_is_refused(api, name):
    status = api.status("Publisher/CreateTopic", pubsub_pb2.Topic(name=name))
    assert status == "INVALID_ARGUMENT"


@only_ours("takes an empty project")
def test_a_name_without_a_project_is_refused(api):
    topic = pubsub_pb2.Topic(name="projects//topics/abc")
    assert api.status("Publisher/CreateTopic", topic) == "INVALID_ARGUMENT"


def _status_of(api: Api, config: dict) -> str:
    topic = api.topic()
    name = f"{PROJECT}/subscriptions/out-of-bounds"
    subscription = pubsub_pb2.Subscription(name=name, topic=topic, **config)
    if subscription.HasField("dead_letter_policy"):
        subscription.dead_letter_policy.dead_letter_topic = topic
    return api.status("Subscriber/CreateSubscription", subscription)


@pytest.mark.parametrize(
    "config",
    [{"ack_deadline_seconds": 601}, {"push_config": {"push_endpoint": "nowhere"}}],
    ids=["long deadline", "no endpoint"],
)
def test_an_invalid_subscription_is_refused(api, config):
    assert _status_of(api, config) == "INVALID_ARGUMENT"


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
@pytest.mark.parametrize("case", BAD_SUBSCRIPTIONS)
def test_a_subscription_out_of_bounds_is_refused(api, case):
    assert _status_of(api, BAD_SUBSCRIPTIONS[case]) == "INVALID_ARGUMENT"


@only_ours("takes and ignores it")
def test_an_update_out_of_bounds_changes_nothing(api):
    topic = api.topic()
    name = api.subscription(topic)
    before = _subscription(api, name)
    change = pubsub_pb2.Subscription(name=name, topic=topic, ack_deadline_seconds=9)
    with pytest.raises(grpc.RpcError) as error:
        _update(api, change, "ack_deadline_seconds")
    assert error.value.code().name == "INVALID_ARGUMENT"
    assert _subscription(api, name) == before


@pytest.mark.parametrize(
    "paths", [[], ["no_such_field"], ["topic"], ["enable_message_ordering"]], ids=str
)
def test_an_invalid_mask_is_refused(api, paths):
    topic = api.topic()
    name = api.subscription(topic)
    request = pubsub_pb2.UpdateSubscriptionRequest(
        subscription=pubsub_pb2.Subscription(
            name=name, topic=api.topic(), enable_message_ordering=True
        ),
        update_mask=FieldMask(paths=paths),
    )
    status = api.status("Subscriber/UpdateSubscription", request)
    assert status == "INVALID_ARGUMENT"


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
@pytest.mark.parametrize("case", UNSUPPORTED)
def test_a_subscription_option_without_effect_is_refused(api, case):
    assert _status_of(api, UNSUPPORTED[case]) == "UNIMPLEMENTED"


@only_ours("takes and ignores them")
@pytest.mark.parametrize(
    "option",
    [
        {"message_retention_duration": duration(600)},
        {"kms_key_name": "key"},
        {"message_storage_policy": {"allowed_persistence_regions": ["europe-west1"]}},
        {"schema_settings": {"schema": "s"}},
    ],
    ids=lambda option: next(iter(option)),
)
def test_a_topic_option_without_effect_is_refused(api, option):
    topic = pubsub_pb2.Topic(name=f"{PROJECT}/topics/unsupported", **option)
    assert api.status("Publisher/CreateTopic", topic) == "UNIMPLEMENTED"


@only_ours("takes and ignores it")
def test_an_update_to_an_option_without_effect_is_refused(api):
    name = api.subscription(api.topic())
    request = pubsub_pb2.UpdateSubscriptionRequest(
        subscription=pubsub_pb2.Subscription(name=name, retain_acked_messages=True),
        update_mask=FieldMask(paths=["retain_acked_messages"]),
    )
    status = api.status("Subscriber/UpdateSubscription", request)
    assert status == "UNIMPLEMENTED"


def test_a_subscription_that_never_expires_is_accepted(api):
    api.subscription(api.topic(), expiration_policy={})


@only_ours("does not know the method")
def test_a_detached_subscription_of_a_deleted_topic(api):
    topic = api.topic()
    name = api.subscription(topic)
    detach = pubsub_pb2.DetachSubscriptionRequest(subscription=name)
    api.call(
        "Publisher/DetachSubscription", detach, pubsub_pb2.DetachSubscriptionResponse
    )
    api.publisher.delete_topic(topic=topic)
    shown = _subscription(api, name)
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
