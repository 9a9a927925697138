"""Two deployments, one for each direction, that share a ledger."""

from datetime import UTC, datetime
from typing import Any

from functions.events import catalog
from functions.ledger.memory import MemoryStore
from functions.timestamps import timestamp
from tests.support.commerce_adapter import reply
from tests.support.consumer_kit import ConsumerUnderTest, push


class TwoDeployments:
    """One that changes Commerce and one that serves Commerce's events, one ledger."""

    def __init__(self, **settings: Any) -> None:
        store = MemoryStore()
        self.inbound = ConsumerUnderTest(store, **settings)
        self.outbound = ConsumerUnderTest(store, **settings)
        self.outbound.ledger.clock = self.clock = self.inbound.clock
        object.__setattr__(self.inbound.consumer, "target", None)
        object.__setattr__(self.outbound.consumer, "commerce", None)
        self.count = 0

    def change(
        self,
        event: str,
        value: Any,
        response: Any = None,
        outcome: str = "handled",
        **message: Any,
    ) -> None:
        """Deliver an event of the third party."""
        self.count += 1
        self.inbound.response = response or reply(200, {"id": 27})
        ids = {"uid": f"in{self.count}", "message_id": f"in{self.count}"}
        self.inbound.deliver(push(value, event, **{**ids, **message}))
        assert self.inbound.outcomes()[-1] == outcome

    def report(
        self, event: str, value: Any, ago: float = 0.0, uid: str | None = None
    ) -> str:
        """Deliver an event of Commerce; the reason if it is skipped, else the outcome.

        Args:
            ago: seconds since it happened.
        """
        self.count += 1
        moment = self.clock.now - ago
        time = timestamp(datetime.fromtimestamp(moment, UTC))
        uid = uid or f"out{self.count}"
        message = {
            "uid": uid,
            "message_id": uid,
            "source": "/commerce/p1",
            "time": time,
            "publishTime": time,
            "orderingKey": catalog.find(event).ordering_key(value),
        }
        assert self.outbound.deliver(push(value, event, **message))[0] == 200
        entry = self.outbound.outcome_entries()[-1]
        return entry["reason"] if entry["outcome"] == "skipped" else entry["outcome"]
