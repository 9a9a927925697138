"""The attributes of a dead letter, within Pub/Sub's limits."""

from datetime import UTC, datetime

import google.auth
import pytest
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import DefaultCredentialsError

from functions.consumer.dead_letter_topic import (
    DeadLetterTopic,
    dead_letter_attributes,
)
from functions.consumer.push import Push
from functions.pubsub.dead_letters import (
    MAX_ATTRIBUTE_BYTES,
    MAX_ATTRIBUTES,
    truncate,
)
from functions.pubsub.endpoint import Endpoint
from functions.pubsub.errors import PublishFailed

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CLOUD = Endpoint("127.0.0.1:9", False)


def push_with(attributes, attempt=None):
    return Push(b"{}", attributes, "product:A", "m1", "subscription", attempt, "")


def attributes_of(attributes, reason="No"):
    return dead_letter_attributes(push_with(attributes), 400, reason, NOW)


def test_the_original_attributes_and_ours_are_kept():
    assert attributes_of({"ce-id": "15"}) == {
        "ce-id": "15",
        "dead-letter-reason": "No",
        "dead-letter-status": "400",
        "dead-letter-subscription": "subscription",
        "dead-letter-message-id": "m1",
        "dead-letter-attempts": "1",
        "dead-letter-time": "2026-01-01T00:00:00.000000Z",
    }


def test_attributes_of_an_earlier_dead_letter_are_replaced():
    earlier = {"dead-letter-reason": "old", "dead-letter-note": "x"}
    attributes = attributes_of(earlier)

    assert attributes["dead-letter-reason"] == "No"
    assert "dead-letter-note" not in attributes


def test_names_and_values_are_bounded():
    attributes = attributes_of(
        {"": "x", "n" * 257: "x", "long": "é" * 1000}, "é" * 1000
    )

    assert "" not in attributes
    assert "n" * 257 not in attributes
    for name in ("long", "dead-letter-reason"):
        assert len(attributes[name].encode()) <= MAX_ATTRIBUTE_BYTES


def test_the_number_of_attributes_is_bounded():
    attributes = attributes_of({f"a{n}": "x" for n in range(MAX_ATTRIBUTES)})

    assert len(attributes) == MAX_ATTRIBUTES
    assert attributes["dead-letter-status"] == "400"


def test_a_text_is_cut_in_whole_characters(subtests):
    for text, result in [
        ("short", "short"),
        ("é" * 6, "ééé…"),
        ("a" * 11, "aaaaaaa…"),
        ("\ud800", "?"),
    ]:
        with subtests.test(text=text):
            assert truncate(text, 10) == result


def test_without_credentials_nothing_is_stored(monkeypatch):
    def fail(**options):
        raise DefaultCredentialsError

    monkeypatch.setattr(google.auth, "default", fail)

    with pytest.raises(PublishFailed) as raised:
        DeadLetterTopic("p", "t", CLOUD).store(push_with({}), 400, "No")
    assert raised.value.code == "DefaultCredentialsError"


def test_in_the_cloud_the_channel_uses_tls(monkeypatch):
    """Nothing listens there, so nothing is stored; the client is kept."""
    monkeypatch.setattr(
        google.auth, "default", lambda **_: (AnonymousCredentials(), "")
    )
    topic = DeadLetterTopic("p", "t", CLOUD, retry_seconds=0.0)

    for _ in range(2):
        with pytest.raises(PublishFailed):
            topic.store(push_with({}), 400, "No")
