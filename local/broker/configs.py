"""Configurations of topics and subscriptions: defaults and updates."""

from local.broker import pubsub_pb2
from local.broker.errors import invalid

ACK_DEADLINE_SECONDS = 10
RETENTION_SECONDS = 7 * 86400
MAX_DELIVERY_ATTEMPTS = 5
IMMUTABLE = {"name", "topic", "enable_message_ordering", "filter", "detached", "state"}


def fill(config: pubsub_pb2.Subscription) -> None:
    """Set the fields that *config* leaves out to Pub/Sub's defaults."""
    config.ack_deadline_seconds = config.ack_deadline_seconds or ACK_DEADLINE_SECONDS
    if not config.HasField("message_retention_duration"):
        config.message_retention_duration.seconds = RETENTION_SECONDS
    if not config.HasField("push_config"):
        config.push_config.SetInParent()
    # Without a ttl: no subscription of this broker expires.
    config.expiration_policy.SetInParent()
    if config.HasField("dead_letter_policy"):
        policy = config.dead_letter_policy
        if not policy.dead_letter_topic:
            config.ClearField("dead_letter_policy")
        elif not policy.max_delivery_attempts:
            policy.max_delivery_attempts = MAX_DELIVERY_ATTEMPTS


def copy(config: pubsub_pb2.Subscription) -> pubsub_pb2.Subscription:
    """A copy of *config*."""
    another = pubsub_pb2.Subscription()
    another.CopyFrom(config)
    return another


def merge(source, target, mask) -> None:
    """Copy the fields that *mask* names from *source* to *target*.

    Raises:
        StatusError: INVALID_ARGUMENT; the mask is empty, or names a field that cannot
            be changed or does not exist.
    """
    if not mask.paths:
        raise invalid("update_mask is empty. Name the fields to change.")
    for path in mask.paths:
        if path.split(".")[0] in IMMUTABLE:
            raise invalid(f"{path} cannot be changed. Remove it from update_mask.")
    if not mask.IsValidForDescriptor(target.DESCRIPTOR):
        raise invalid("update_mask names a field that does not exist.")
    mask.MergeMessage(source, target, True, True)  # messages and lists as a whole
