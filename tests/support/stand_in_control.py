"""The control interface of a Commerce stand-in, used over HTTP."""

from typing import Any

import requests


class StandInControl:
    """A client of ``/_control/``.

    Args:
        address: ``http://host:port``.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.host = address.removeprefix("http://")

    def control(self, method: str, name: str, body: Any = None, **query: Any) -> dict:
        """One request; its response must be 200."""
        response = self.control_response(method, name, body, **query)
        assert response.status_code == 200, response.text
        return response.json()

    def control_response(
        self, method: str, name: str, body: Any = None, **query: Any
    ) -> requests.Response:
        """One request, whatever its response."""
        url = f"{self.address}/_control/{name}"
        with requests.Session() as session:
            session.trust_env = False  # no proxies of this machine
            return session.request(method, url, json=body, params=query, timeout=30)

    def reset(self) -> None:
        """Restore the initial state."""
        self.control("POST", "reset")

    def switch(self, **settings: Any) -> None:
        """Change switches."""
        self.control("POST", "switches", settings)

    def fail(self, **fault: Any) -> int:
        """Inject a fault; its id."""
        return self.control("POST", "faults", fault)["faults"][-1]["id"]

    def recover(self, fault_id: int | None = None) -> None:
        """Remove one fault, or all."""
        suffix = "" if fault_id is None else f"/{fault_id}"
        self.control("DELETE", f"faults{suffix}")

    def state(self) -> dict:
        """Counts, and the newest entities of each kind."""
        return self.control("GET", "state")

    def effects(self) -> list[dict]:
        """All effects, oldest first."""
        return self.control("GET", "effects", limit=10_000)["effects"]

    def changes(self) -> list[tuple[str, str]]:
        """Operation and resource of all effects."""
        return [(each["operation"], each["resource"]) for each in self.effects()]

    def calls(self, after: int = 0) -> list[dict]:
        """All calls with an id over *after*, oldest first."""
        return self.control("GET", "calls", after=after, limit=2_000)["calls"]
