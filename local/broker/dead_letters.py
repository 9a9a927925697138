"""The form in which Pub/Sub forwards a message after its last try."""

from local.broker import wire

# https://cloud.google.com/pubsub/docs/dead-letter-topics#how_dead_letter_topics_work
PREFIX = "CloudPubSubDeadLetterSource"


def forwarded(
    message: wire.PubsubMessage, subscription: str, attempt: int
) -> wire.PubsubMessage:
    """*message* for the dead-letter topic: data, attributes and ordering key kept."""
    _, project, _, name = subscription.split("/")
    published = message.publish_time.ToDatetime().isoformat(timespec="milliseconds")
    letter = wire.PubsubMessage(data=message.data, ordering_key=message.ordering_key)
    letter.attributes.update(message.attributes)
    letter.attributes.update(
        {
            f"{PREFIX}DeliveryCount": str(attempt),
            f"{PREFIX}Subscription": name,
            f"{PREFIX}SubscriptionProject": project,
            f"{PREFIX}TopicPublishTime": f"{published}+00:00",
        }
    )
    return letter
