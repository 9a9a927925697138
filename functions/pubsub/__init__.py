"""Pub/Sub's address, settings and errors, which ingest and consumer share."""
