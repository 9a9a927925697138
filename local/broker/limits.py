"""Pub/Sub's limits, checked as the real service does.

Sources: https://cloud.google.com/pubsub/quotas#resource_limits and the comments of
google/pubsub/v1/pubsub.proto.
"""

import re
from urllib.parse import urlsplit

from google.protobuf.duration_pb2 import Duration

from local.broker import wire
from local.broker.errors import invalid, unsupported

REQUEST_BYTES = 10_000_000
MESSAGES_PER_REQUEST = 1000
ATTRIBUTES = 100
ATTRIBUTE_KEY_BYTES = 256
ATTRIBUTE_VALUE_BYTES = 1024
ORDERING_KEY_BYTES = 1024
ACK_DEADLINE_SECONDS = (10, 600)
BACKOFF_SECONDS = (0, 600)
DELIVERY_ATTEMPTS = (5, 100)
RETENTION_SECONDS = (600, 31 * 86400)
EXPIRATION_SECONDS = 86400  # at least
LABELS = 64

_ID = r"(?!goog)[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}"
_PROJECT = re.compile(r"projects/[^/]+")
_TOPIC = re.compile(rf"projects/[^/]+/topics/{_ID}")
_SUBSCRIPTION = re.compile(rf"projects/[^/]+/subscriptions/{_ID}")


def check_project(name: str) -> None:
    """Raise INVALID_ARGUMENT unless *name* is ``projects/…``."""
    _match(_PROJECT, name)


def check_topic_name(name: str) -> None:
    """Raise INVALID_ARGUMENT unless *name* is ``projects/…/topics/…``."""
    _match(_TOPIC, name)


def check_subscription_name(name: str) -> None:
    """Raise INVALID_ARGUMENT unless *name* is ``projects/…/subscriptions/…``."""
    _match(_SUBSCRIPTION, name)


def _match(pattern: re.Pattern, name: str) -> None:
    if not pattern.fullmatch(name):
        raise invalid(f"Invalid resource name given (name={name[:300]}).")


def check_publish(request: wire.PublishRequest) -> None:
    """Raise INVALID_ARGUMENT for what the real service does not store."""
    messages = request.messages
    if not messages:
        raise invalid("The request holds no message.")
    if len(messages) > MESSAGES_PER_REQUEST:
        raise invalid(f"A request holds at most {MESSAGES_PER_REQUEST} messages.")
    if request.ByteSize() > REQUEST_BYTES:
        raise invalid(f"A request has at most {REQUEST_BYTES} bytes.")
    key = messages[0].ordering_key
    for message in messages:
        if message.ordering_key != key:
            raise invalid(
                "In one request all messages have the same ordering key, or none."
            )
        _check_message(message)


def _check_message(message: wire.PubsubMessage) -> None:
    attributes = message.attributes
    if not message.data and not attributes:
        raise invalid("A message has data, or at least one attribute.")
    if len(message.ordering_key.encode()) > ORDERING_KEY_BYTES:
        raise invalid(f"An ordering key has at most {ORDERING_KEY_BYTES} bytes.")
    if len(attributes) > ATTRIBUTES:
        raise invalid(f"A message has at most {ATTRIBUTES} attributes.")
    for key, value in attributes.items():
        if not 1 <= len(key.encode()) <= ATTRIBUTE_KEY_BYTES:
            raise invalid(f"An attribute's key has 1 to {ATTRIBUTE_KEY_BYTES} bytes.")
        if len(value.encode()) > ATTRIBUTE_VALUE_BYTES:
            raise invalid(
                f"An attribute's value has at most {ATTRIBUTE_VALUE_BYTES} bytes."
            )


def check_topic(topic: wire.Topic) -> None:
    """Raise INVALID_ARGUMENT for a topic the real service would refuse."""
    if len(topic.labels) > LABELS:
        raise invalid(f"A topic has at most {LABELS} labels.")
    if topic.HasField("message_retention_duration"):
        _range("message_retention_duration", topic, RETENTION_SECONDS)
    _refuse(
        topic,
        "schema_settings",
        "ingestion_data_source_settings",
        "message_transforms",
    )


def check_subscription(subscription: wire.Subscription) -> None:
    """Raise INVALID_ARGUMENT for a subscription the real service would refuse."""
    low, high = ACK_DEADLINE_SECONDS
    if not low <= subscription.ack_deadline_seconds <= high:
        raise invalid(f"ack_deadline_seconds is {low} to {high}.")
    if len(subscription.labels) > LABELS:
        raise invalid(f"A subscription has at most {LABELS} labels.")
    _range("message_retention_duration", subscription, RETENTION_SECONDS)
    _check_policies(subscription)
    check_push_config(subscription.push_config)
    _refuse(
        subscription,
        "bigquery_config",
        "cloud_storage_config",
        "bigtable_config",
        "enable_exactly_once_delivery",
        "message_transforms",
    )


def _check_policies(subscription: wire.Subscription) -> None:
    retry = subscription.retry_policy
    for name in ("minimum_backoff", "maximum_backoff"):
        if retry.HasField(name):
            _range(name, retry, BACKOFF_SECONDS)
    if retry.HasField("minimum_backoff") and retry.HasField("maximum_backoff"):
        if seconds(retry.minimum_backoff) > seconds(retry.maximum_backoff):
            raise invalid("minimum_backoff is not above maximum_backoff.")
    if subscription.HasField("dead_letter_policy"):
        policy = subscription.dead_letter_policy
        check_topic_name(policy.dead_letter_topic)
        low, high = DELIVERY_ATTEMPTS
        if not low <= policy.max_delivery_attempts <= high:
            raise invalid(f"max_delivery_attempts is {low} to {high}.")
    expiry = subscription.expiration_policy
    if expiry.HasField("ttl") and seconds(expiry.ttl) < EXPIRATION_SECONDS:
        raise invalid("expiration_policy.ttl is at least one day.")


def check_push_config(config) -> None:
    """Raise INVALID_ARGUMENT for an endpoint that cannot be pushed to."""
    if config.HasField("no_wrapper"):
        raise unsupported("no_wrapper")
    if not config.push_endpoint:
        return
    try:
        url = urlsplit(config.push_endpoint)
        good = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        good = False
    if not good:
        raise invalid("push_endpoint is an http or https URL.")


def _range(name: str, holder, bounds: tuple[int, int]) -> None:
    low, high = bounds
    if not low <= seconds(getattr(holder, name)) <= high:
        raise invalid(f"{name} is {low} to {high} seconds.")


def _refuse(holder, *names: str) -> None:
    for name in names:
        value = getattr(holder, name)
        field = holder.DESCRIPTOR.fields_by_name[name]
        given = holder.HasField(name) if field.has_presence else bool(value)
        if given:
            raise unsupported(name)


def seconds(duration: Duration) -> float:
    """A protobuf Duration in seconds."""
    return duration.seconds + duration.nanos / 1e9
