"""The control interface of a Commerce stand-in, used over HTTP."""

import contextlib
import http.client
import json
from typing import Any
from urllib.parse import urlencode

import requests

TIMEOUT_SECONDS = 30


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
        # Cheaper than requests: tests reset the state before each use.
        connection = http.client.HTTPConnection(self.host, timeout=TIMEOUT_SECONDS)
        with contextlib.closing(connection):
            target = f"/_control/{name}?{urlencode(query)}"
            content = None if body is None else json.dumps(body)
            headers = {"Content-Type": "application/json"}
            connection.request(method, target, content, headers)
            response = connection.getresponse()
            text = response.read().decode()
        assert response.status == 200, text
        return json.loads(text)

    def control_response(
        self, method: str, name: str, body: Any = None, **query: Any
    ) -> requests.Response:
        """One request, whatever its response."""
        url = f"{self.address}/_control/{name}"
        with requests.Session() as session:
            session.trust_env = False  # no proxies of this machine
            return session.request(
                method, url, json=body, params=query, timeout=TIMEOUT_SECONDS
            )

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
