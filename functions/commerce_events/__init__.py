"""Receives Commerce's own events from Adobe I/O Events and publishes them."""
