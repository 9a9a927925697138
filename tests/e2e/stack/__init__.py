"""The stack that ``make run`` starts, from ingest to the Commerce stand-in."""
