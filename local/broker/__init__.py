"""A small Pub/Sub for one machine: the emulator's gRPC protocol over one SQLite file.

Any Pub/Sub client works against it with ``PUBSUB_EMULATOR_HOST`` set. It runs alone
(``python -m local.broker``) or inside another program (:class:`Broker`).
"""

from local.broker.broker import Broker, CannotListen, Stats, Undelivered

__all__ = ["Broker", "CannotListen", "Stats", "Undelivered"]
