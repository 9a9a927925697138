"""A subscription with a filter gets what its attributes say, and nothing else.

Google's emulator takes any filter and ignores it, so this holds for ours alone.
"""

import pytest

from local.broker import wire
from tests.local.broker.api import PROJECT

MESSAGES = {
    "plain": {"n": "plain"},
    "com": {"n": "com", "domain": "com", "lang": "en"},
    "com.au": {"n": "com.au", "domain": "com.au"},
    "quoted": {"n": "quoted", "iana.org/tag": 'a"b'},
}
FILTERS = {
    "attributes:domain": {"com", "com.au"},
    'attributes.domain = "com"': {"com"},
    'attributes.domain != "com"': {"plain", "com.au", "quoted"},
    'hasPrefix(attributes.domain, "com")': {"com", "com.au"},
    "NOT attributes:domain": {"plain", "quoted"},
    "-attributes:domain": {"plain", "quoted"},
    'attributes:domain AND attributes.lang = "en"': {"com"},
    'attributes.n="plain" OR attributes.n="com"': {"plain", "com"},
    'attributes:domain AND (attributes.n="com" OR attributes.n="plain")': {"com"},
    'attributes:"iana.org/tag"': {"quoted"},
    'attributes."iana.org/tag" = "a\\"b"': {"quoted"},
}


@pytest.mark.parametrize("text", FILTERS)
def test_only_what_passes_the_filter_is_delivered(ours, text):
    topic = ours.topic()
    subscription = ours.subscription(topic, filter=text)
    for attributes in MESSAGES.values():
        ours.publish(topic, b"x", **attributes)
    seen: set[str] = set()
    while len(seen) < len(FILTERS[text]):
        received = ours.pull(subscription)
        seen |= {r.message.attributes["n"] for r in received}
        ours.acknowledge(subscription, *received)
    assert seen == FILTERS[text]
    assert ours.pull(subscription, wait=False) == []


NO_FILTERS = [
    "domain",
    "attributes.domain",
    "attributes.domain = com",
    'attributes.domain > "com"',
    "attributes:domain AND",
    "(attributes:domain",
    'attributes:a AND attributes:b OR attributes:c "',
    'hasPrefix(attributes.domain "c")',
    'attributes.domain = "com',
    "attributes:" + "a" * 300,
]


@pytest.mark.parametrize("text", NO_FILTERS, ids=lambda text: text[:40])
def test_what_is_no_filter_is_refused(ours, text):
    config = wire.Subscription(
        name=f"{PROJECT}/subscriptions/no-filter", topic=ours.topic(), filter=text
    )
    assert ours.refusal("Subscriber/CreateSubscription", config) == "INVALID_ARGUMENT"
