"""The record of deliveries and their results, so that each event takes effect once.

A store keeps records under keys and changes several of them at once by a pure function;
``rules`` and ``resources`` hold those, ``Ledger`` is what consumer and ingest call.
"""
