"""Pub/Sub's address, settings, errors and publishing, which the functions share."""
