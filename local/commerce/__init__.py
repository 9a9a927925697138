"""A stand-in for Adobe Commerce: the REST operations that events come to, with state.

It runs alone (``python -m local.commerce``) or inside another program
(:class:`StandIn`). Each of its rules cites where it is from: "magento2#4052" is an
issue, "magento2, Sales/Model" a source, and "notes" or "Q5" a place in the notes on
Adobe's REST guides (developer.adobe.com/commerce/webapi), on Magento's source and its
issues that the stand-in was built from. They are no part of the project; the words that
count stand in ``rules.py``.
"""

from local.commerce.faults import Fault
from local.commerce.rules import Rules
from local.commerce.signin import Credentials
from local.commerce.stand_in import StandIn
from local.web import CannotListen

__all__ = ["CannotListen", "Credentials", "Fault", "Rules", "StandIn"]
