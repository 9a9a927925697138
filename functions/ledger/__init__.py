"""What is remembered of events, so that each takes effect once.

A store keeps records under keys and changes several of them at once by a pure function;
``rules`` and ``things`` hold those, ``Ledger`` is what consumer and ingest call.
"""
