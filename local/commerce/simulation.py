"""Everything the stand-in consists of, without its server."""

import sqlite3
import time
from collections.abc import Callable
from typing import Any

from local.commerce import seeds, state
from local.commerce.behaviours import BEHAVIOURS, Switches
from local.commerce.call_journal import MAX_EFFECTS, CallJournal
from local.commerce.credentials import Credentials
from local.commerce.entity_store import EntityStore
from local.commerce.faults import Faults
from local.commerce.ims import Ims
from local.commerce.io_events import IoEvents
from local.commerce.oauth1 import SignatureCheck
from local.commerce.openapi import OpenApi


def _ignore(stage: str, **labels: Any) -> None:
    """The *observe* of a caller that passes none."""


class Simulation:
    """A Commerce in one SQLite database.

    Args:
        db: SQLite with autocommit (``isolation_level=None``); other parts of the
            program may use the same file. It is used in the event loop's thread only,
            and no transaction stays open between turns of the loop.
        observe: called as ``observe("call", method, route, status, ms, traceparent)``:
            the route is a template, None for an unknown one; status is None where the
            connection was dropped. Must not block.
        openapi: one of Adobe's Swagger documents, parsed: every request and response
            is validated against it; a violation is answered 500 and kept in
            ``violations``.
        clock: seconds since 1970.
        orders: how many orders exist at the start.
        max_effects: effects to keep; None keeps all.

    Attributes:
        faults: injected faults (``faults.add(status=503, times=2)``).
        switches: behaviours that can be changed while it runs.
        journal: calls and their effects.
        io_events: deliver what Commerce observes.
        entities: products, customers, orders and so on.
        violations: see *openapi*; empty is good.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        *,
        observe: Callable[..., None] | None = None,
        credentials: Credentials | None = None,
        switches: Switches | None = None,
        openapi: dict | None = None,
        clock: Callable[[], float] = time.time,
        orders: int = seeds.ORDERS,
        max_effects: int | None = MAX_EFFECTS,
    ) -> None:
        self.observe = observe or _ignore
        self.credentials = credentials or Credentials()
        self.switches = switches or Switches()
        self.openapi = None if openapi is None else OpenApi(openapi)
        self.clock = clock
        self.orders = orders
        self.entities = EntityStore(db)
        self.journal = CallJournal(db, max_effects)
        self.faults = Faults()
        self.signatures = SignatureCheck(self.credentials)
        self.ims = Ims(self.credentials)
        self.io_events = IoEvents(db, self.switches, self.credentials.client_id, clock)
        self.violations: list[str] = []
        if self.entities.count("order") == 0:
            with self.entities.transaction():
                self._seed()

    def reset(self) -> None:
        """Restore the initial state; delete calls, effects, faults and violations."""
        with self.entities.transaction():
            self.journal.clear()
            self.io_events.clear()
            self._seed()
        self.faults.remove()
        self.switches.change(**vars(Switches()))
        self.violations.clear()

    def state(self, limit: int = 50) -> dict[str, Any]:
        """Counts, and the newest *limit* entities of each kind."""
        return state.snapshot(self.entities, limit)

    def behaviours(self) -> list[dict[str, Any]]:
        """What is simulated: ``name``, ``sentence`` and ``setting`` (None: fixed)."""
        settings = vars(self.switches)
        return [
            {"name": name, "sentence": sentence, "setting": settings.get(name)}
            for name, sentence in BEHAVIOURS.items()
        ]

    def _seed(self) -> None:
        self.entities.clear()
        seeds.seed(self.entities, self.clock(), self.orders)
