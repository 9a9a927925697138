"""All that is deployed: ingest, the consumers and what they share."""
