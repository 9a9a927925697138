"""The form in which Pub/Sub forwards a message after its last delivery attempt."""

from local.broker import pubsub_pb2

# https://cloud.google.com/pubsub/docs/dead-letter-topics#how_dead_letter_topics_work
PREFIX = "CloudPubSubDeadLetterSource"


def dead_letter(
    message: pubsub_pb2.PubsubMessage, subscription: str, attempts: int
) -> pubsub_pb2.PubsubMessage:
    """*message* for the dead-letter topic: data, attributes and ordering key kept."""
    _, project, _, name = subscription.split("/")
    published = message.publish_time.ToDatetime().isoformat(timespec="milliseconds")
    copy = pubsub_pb2.PubsubMessage(
        data=message.data, ordering_key=message.ordering_key
    )
    copy.attributes.update(message.attributes)
    copy.attributes.update(
        {
            f"{PREFIX}DeliveryCount": str(attempts),
            f"{PREFIX}Subscription": name,
            f"{PREFIX}SubscriptionProject": project,
            f"{PREFIX}TopicPublishTime": f"{published}+00:00",
        }
    )
    return copy
