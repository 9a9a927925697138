"""Pub/Sub's limits, and the options that this broker supports.

Sources: https://cloud.google.com/pubsub/quotas#resource_limits and the comments of
google/pubsub/v1/pubsub.proto.
"""

import re
from urllib.parse import urlsplit

from google.protobuf.duration_pb2 import Duration

from local.broker import pubsub_pb2
from local.broker.errors import invalid, unsupported

MAX_REQUEST_BYTES = 10_000_000
MAX_MESSAGES_PER_REQUEST = 1000
MAX_ATTRIBUTES = 100
MAX_ATTRIBUTE_KEY_BYTES = 256
MAX_ATTRIBUTE_VALUE_BYTES = 1024
MAX_ORDERING_KEY_BYTES = 1024
MIN_ACK_DEADLINE_SECONDS = 10
MAX_ACK_DEADLINE_SECONDS = 600
BACKOFF_SECONDS = (0, 600)
DELIVERY_ATTEMPTS = (5, 100)
RETENTION_SECONDS = (600, 31 * 86400)
MAX_LABELS = 64

# What has an effect here, and what the service sets itself. Any other option is refused
# rather than accepted without effect.
TOPIC_OPTIONS = {"name", "labels", "state", "satisfies_pzs"}
SUBSCRIPTION_OPTIONS = {
    "name",
    "topic",
    "push_config",
    "ack_deadline_seconds",
    "message_retention_duration",
    "labels",
    "enable_message_ordering",
    "expiration_policy",
    "dead_letter_policy",
    "retry_policy",
    "detached",
    "state",
}
PUSH_OPTIONS = {"push_endpoint", "oidc_token", "pubsub_wrapper", "attributes"}
PUSH_ATTRIBUTES = {"x-goog-version": "v1"}  # the only format; some clients name it

_ID = r"(?!goog)[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}"
_PROJECT_ID = r"[A-Za-z0-9\-_.:]{1,255}"
_PROJECT = re.compile(rf"projects/{_PROJECT_ID}")
_TOPIC = re.compile(rf"projects/{_PROJECT_ID}/topics/{_ID}")
_SUBSCRIPTION = re.compile(rf"projects/{_PROJECT_ID}/subscriptions/{_ID}")


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
        raise invalid(f"Invalid resource name given (name={name[:300]!a}).")


def check_publish(request: pubsub_pb2.PublishRequest) -> None:
    """Raise INVALID_ARGUMENT for a request that Pub/Sub refuses."""
    messages = request.messages
    if not messages:
        raise invalid("The request has no messages.")
    if len(messages) > MAX_MESSAGES_PER_REQUEST:
        raise invalid(f"A request has at most {MAX_MESSAGES_PER_REQUEST} messages.")
    if request.ByteSize() > MAX_REQUEST_BYTES:
        raise invalid(f"A request has at most {MAX_REQUEST_BYTES} bytes.")
    key = messages[0].ordering_key
    for message in messages:
        if message.ordering_key != key:
            raise invalid("All messages of a request have the same ordering key.")
        _check_message(message)


def _check_message(message: pubsub_pb2.PubsubMessage) -> None:
    attributes = message.attributes
    if not message.data and not attributes:
        raise invalid("A message has data, or at least one attribute.")
    if len(message.ordering_key.encode()) > MAX_ORDERING_KEY_BYTES:
        raise invalid(f"An ordering key has at most {MAX_ORDERING_KEY_BYTES} bytes.")
    if len(attributes) > MAX_ATTRIBUTES:
        raise invalid(f"A message has at most {MAX_ATTRIBUTES} attributes.")
    for key, value in attributes.items():
        if not 1 <= len(key.encode()) <= MAX_ATTRIBUTE_KEY_BYTES:
            raise invalid(f"An attribute key has 1 to {MAX_ATTRIBUTE_KEY_BYTES} bytes.")
        if len(value.encode()) > MAX_ATTRIBUTE_VALUE_BYTES:
            raise invalid(
                f"An attribute value has at most {MAX_ATTRIBUTE_VALUE_BYTES} bytes."
            )


def check_topic(topic: pubsub_pb2.Topic) -> None:
    """Raise INVALID_ARGUMENT or UNIMPLEMENTED for a topic that cannot be created."""
    _check_options(topic, TOPIC_OPTIONS)
    _check_labels(topic.labels)


def check_subscription(subscription: pubsub_pb2.Subscription) -> None:
    """Raise INVALID_ARGUMENT or UNIMPLEMENTED where it cannot be created."""
    _check_options(subscription, SUBSCRIPTION_OPTIONS)
    _check_labels(subscription.labels)
    check_ack_deadline(subscription.ack_deadline_seconds)
    _check_range(subscription, "message_retention_duration", RETENTION_SECONDS)
    if subscription.expiration_policy.HasField("ttl"):
        raise unsupported("expiration_policy.ttl")
    _check_retry_policy(subscription.retry_policy)
    if subscription.HasField("dead_letter_policy"):
        policy = subscription.dead_letter_policy
        check_topic_name(policy.dead_letter_topic)
        low, high = DELIVERY_ATTEMPTS
        if not low <= policy.max_delivery_attempts <= high:
            raise invalid(f"max_delivery_attempts is {low} to {high}.")
    check_push_config(subscription.push_config)


def check_ack_deadline(seconds: int, name: str = "ack_deadline_seconds") -> None:
    """Raise INVALID_ARGUMENT for a deadline out of range; *name* is its field."""
    low, high = MIN_ACK_DEADLINE_SECONDS, MAX_ACK_DEADLINE_SECONDS
    if not low <= seconds <= high:
        raise invalid(f"{name} is {low} to {high}.")


def check_push_config(config: pubsub_pb2.PushConfig) -> None:
    """Raise INVALID_ARGUMENT or UNIMPLEMENTED for an endpoint that cannot be used."""
    _check_options(config, PUSH_OPTIONS)
    for name, value in config.attributes.items():
        if PUSH_ATTRIBUTES.get(name) != value:
            raise unsupported(f"push_config.attributes {name[:100]!a}")
    if not config.push_endpoint:
        return
    try:
        url = urlsplit(config.push_endpoint)
        valid = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise invalid("push_endpoint is not an http or https URL.")


def _check_retry_policy(retry) -> None:
    for name in ("minimum_backoff", "maximum_backoff"):
        if retry.HasField(name):
            _check_range(retry, name, BACKOFF_SECONDS)
    if retry.HasField("minimum_backoff") and retry.HasField("maximum_backoff"):
        if seconds(retry.minimum_backoff) > seconds(retry.maximum_backoff):
            raise invalid("minimum_backoff is greater than maximum_backoff.")


def _check_labels(labels) -> None:
    if len(labels) > MAX_LABELS:
        raise invalid(f"A resource has at most {MAX_LABELS} labels.")


def _check_range(config, name: str, bounds: tuple[int, int]) -> None:
    low, high = bounds
    if not low <= seconds(getattr(config, name)) <= high:
        raise invalid(f"{name} is {low} to {high} seconds.")


def _check_options(config, supported: set[str]) -> None:
    for field, _ in config.ListFields():  # those that are set
        if field.name not in supported:
            raise unsupported(field.name)


def seconds(duration: Duration) -> float:
    """A protobuf Duration in seconds."""
    return duration.seconds + duration.nanos / 1e9
