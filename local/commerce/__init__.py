"""A stand-in for Adobe Commerce: the REST operations that events come to, with state.

It runs alone (``python -m local.commerce``) or inside another program
(:class:`StandIn`).
"""

from local.commerce.faults import Fault
from local.commerce.rules import Rules
from local.commerce.signin import Credentials
from local.commerce.stand_in import StandIn
from local.web import CannotListen

__all__ = ["CannotListen", "Credentials", "Fault", "Rules", "StandIn"]
