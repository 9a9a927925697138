"""Accepts events from third parties and publishes them."""
