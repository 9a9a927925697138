"""What ingest and consumer share of Pub/Sub: where it is, and how to publish."""
