"""The client of a third party's webhook, which outbound events are delivered to."""
