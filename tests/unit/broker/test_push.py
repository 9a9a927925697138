"""What a push contains, and how many may be outstanding."""

import json

from local.broker import pubsub_pb2
from local.broker.push import MAX_PAUSE_SECONDS, Window, envelope


def test_an_envelope_always_has_attributes_and_data():
    message = pubsub_pb2.PubsubMessage(message_id="1")
    body = json.loads(envelope(message, "projects/p/subscriptions/s", None))
    assert body == {
        "message": {
            "attributes": {},
            "data": "",
            "messageId": "1",
            "message_id": "1",
            "publishTime": "1970-01-01T00:00:00.000Z",
            "publish_time": "1970-01-01T00:00:00.000Z",
        },
        "subscription": "projects/p/subscriptions/s",
    }


def test_an_envelope_has_ordering_key_and_attempt():
    message = pubsub_pb2.PubsubMessage(ordering_key="k")
    body = json.loads(envelope(message, "projects/p/subscriptions/s", 3))
    assert (body["message"]["orderingKey"], body["deliveryAttempt"]) == ("k", 3)


def test_a_window_grows_by_one_and_halves():
    window = Window(4)
    sizes = [window.size]
    for _ in range(5):
        window.succeeded()
        sizes.append(window.size)
    window.failed(1)
    assert (sizes, window.size) == ([1, 2, 3, 4, 4, 4], 2)


def test_only_failures_of_several_messages_pause():
    window = Window(4)
    alone = [window.failed(1) for _ in range(3)]
    pauses = [window.failed(message) for message in range(2, 12)]
    window.succeeded()
    assert alone == [0.0, 0.0, 0.0]
    assert pauses[:3] == [0.1, 0.2, 0.4]
    assert max(pauses) == MAX_PAUSE_SECONDS
    assert window.failed(1) == 0.0
