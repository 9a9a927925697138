"""A stand-in for Adobe Commerce: the REST operations that events lead to, with state.

It runs alone (``python -m local.commerce``) or inside another program
(:class:`StandIn`). ``routes.py`` lists the routes, ``behaviours.py`` what is simulated.
"""

from local.commerce.behaviours import Switches
from local.commerce.credentials import Credentials
from local.commerce.faults import Fault
from local.commerce.stand_in import StandIn
from local.web import CannotListen

__all__ = ["CannotListen", "Credentials", "Fault", "StandIn", "Switches"]
