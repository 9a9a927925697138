"""The control side of a stand-in, asked over the wire."""

from typing import Any

import requests


class Control:
    """What ``/_control/`` offers.

    Args:
        address: ``http://host:port``.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.host = address.removeprefix("http://")

    def control(self, method: str, name: str, body: Any = None, **query: Any) -> dict:
        """One call; its answer must be 200."""
        url = f"{self.address}/_control/{name}"
        answer = requests.request(method, url, json=body, params=query, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def reset(self) -> None:
        """As on the first day."""
        self.control("POST", "reset")

    def rules(self, **switches: Any) -> None:
        """Change how this Commerce behaves."""
        self.control("POST", "rules", switches)

    def fail(self, **fault: Any) -> int:
        """Tell it to fail; the fault's id."""
        return self.control("POST", "faults", fault)["faults"][-1]["id"]

    def state(self) -> dict:
        """What is in the shop."""
        return self.control("GET", "state")

    def effects(self) -> list[dict]:
        """What took effect, without what was seeded."""
        return self.control("GET", "journal")["effects"]

    def did(self) -> list[tuple[str, str]]:
        """Operation and thing of all that took effect."""
        return [(each["operation"], each["thing"]) for each in self.effects()]

    def asked(self) -> list[tuple]:
        """Method, path and status of all that was asked."""
        rows = self.control("GET", "requests")["requests"]
        return [(row["method"], row["path"], row["status"]) for row in rows]
