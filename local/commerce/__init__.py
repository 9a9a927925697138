"""A stand-in for Adobe Commerce: the REST operations that events come to, with state.

It runs alone (``python -m local.commerce``) or inside another program
(:class:`StandIn`). Each of its rules cites where in Adobe's or Magento's papers or
trackers it is from: "Q5" or "section 3" is a place in commerce.md, "magento2#4052" an
issue, "magento2, Sales/Model" a source.
"""

from local.commerce.faults import Fault
from local.commerce.rules import Rules
from local.commerce.signin import Credentials
from local.commerce.stand_in import StandIn
from local.web import CannotListen

__all__ = ["CannotListen", "Credentials", "Fault", "Rules", "StandIn"]
