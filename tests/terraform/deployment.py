"""The resources of a state, and queries for them.

It reads a state as ``terraform test -verbose -json`` prints it. The mock invents
unique computed values, so a reference can be followed by its value.
"""

from dataclasses import dataclass
from typing import Any


class Broken(Exception):
    """The walk stops; the text names the missing part."""


def need(condition: Any, message: str) -> None:
    """Stop the walk unless *condition* holds."""
    if not condition:
        raise Broken(message)


@dataclass(frozen=True)
class Resource:
    """One resource of the state."""

    address: str
    kind: str
    values: dict[str, Any]
    depends_on: list[str]

    def __getattr__(self, name: str) -> Any:
        return self.values[name]

    @property
    def service(self) -> dict:
        """A function's ``service_config``."""
        return self.values["service_config"][0]

    @property
    def build(self) -> dict:
        """A function's ``build_config``."""
        return self.values["build_config"][0]


class Deployment:
    """Resources, and queries for them."""

    def __init__(self, resources: list[Resource]) -> None:
        self.resources = resources
        self._by_kind: dict[str, list[Resource]] = {}
        for one in resources:
            self._by_kind.setdefault(one.kind, []).append(one)
        self.used: set[str] = set()  # addresses that `one` returned

    @classmethod
    def of(cls, state: dict) -> "Deployment":
        """Read a state as Terraform prints it."""
        return cls(
            [
                Resource(
                    one["address"],
                    one["type"],
                    one["values"],
                    one.get("depends_on", []),
                )
                for one in state["root_module"]["resources"]
                if one["mode"] == "managed"
            ]
        )

    def without(self, address: str) -> "Deployment":
        """A copy without one resource."""
        return Deployment([one for one in self.resources if one.address != address])

    def all(self, kind: str, **values: Any) -> list[Resource]:
        """Resources of a kind that have these values."""
        return [
            one
            for one in self._by_kind.get(kind, [])
            if all(one.values.get(name) == value for name, value in values.items())
        ]

    def one(self, kind: str, **values: Any) -> Resource:
        """The one resource of a kind that has these values."""
        matches = self.all(kind, **values)
        if len(matches) != 1:
            raise Broken(f"{len(matches)} {kind} with {values}, not one")
        self.used.add(matches[0].address)
        return matches[0]
