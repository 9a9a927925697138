"""Configurations of topics and subscriptions: what is left out, and what changes."""

from local.broker import wire
from local.broker.errors import invalid

ACK_DEADLINE_SECONDS = 10
RETENTION_SECONDS = 7 * 86400
EXPIRATION_SECONDS = 31 * 86400
DEAD_LETTER_ATTEMPTS = 5
FIXED = {"name", "topic", "enable_message_ordering", "filter", "detached", "state"}


def fill(config: wire.Subscription) -> None:
    """What the real service puts where nothing was said."""
    config.ack_deadline_seconds = config.ack_deadline_seconds or ACK_DEADLINE_SECONDS
    if not config.HasField("message_retention_duration"):
        config.message_retention_duration.seconds = RETENTION_SECONDS
    if not config.HasField("expiration_policy"):
        config.expiration_policy.ttl.seconds = EXPIRATION_SECONDS
    if not config.HasField("push_config"):
        config.push_config.SetInParent()
    if config.HasField("dead_letter_policy"):
        policy = config.dead_letter_policy
        if not policy.dead_letter_topic:
            config.ClearField("dead_letter_policy")
        elif not policy.max_delivery_attempts:
            policy.max_delivery_attempts = DEAD_LETTER_ATTEMPTS


def copy(config: wire.Subscription) -> wire.Subscription:
    """Another one like *config*, to be changed."""
    another = wire.Subscription()
    another.CopyFrom(config)
    return another


def merge(source, target, mask) -> None:
    """Put the fields that *mask* names from *source* into *target*.

    Raises:
        Refused: the mask is empty, or names what cannot be changed or is not there.
    """
    if not mask.paths:
        raise invalid("update_mask names at least one field.")
    for path in mask.paths:
        if path.split(".")[0] in FIXED:
            raise invalid(f"{path} cannot be changed.")
    if not mask.IsValidForDescriptor(target.DESCRIPTOR):
        raise invalid("update_mask names a field that is not there.")
    mask.MergeMessage(source, target, True, True)  # messages and lists as a whole
