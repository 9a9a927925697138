"""The resources of a state, and questions about them.

It reads a state as ``terraform test -verbose -json`` prints it: computed values are
made up by the mocked provider, one of a kind each, so a reference is followed by value.
"""

from dataclasses import dataclass
from typing import Any


class Broken(Exception):
    """The walk cannot go on; the text says for want of what."""


def need(condition: Any, what: str) -> None:
    """Stop the walk unless *condition* holds."""
    if not condition:
        raise Broken(what)


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
    """Resources, and questions about them."""

    def __init__(self, resources: list[Resource]) -> None:
        self.resources = resources
        self.met: set[str] = set()  # addresses that `one` has found

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
        """The same with one resource less."""
        return Deployment([one for one in self.resources if one.address != address])

    def all(self, kind: str, **values: Any) -> list[Resource]:
        """Resources of a kind that have these values."""
        return [
            one
            for one in self.resources
            if one.kind == kind
            and all(one.values.get(name) == value for name, value in values.items())
        ]

    def one(self, kind: str, **values: Any) -> Resource:
        """The one resource of a kind that has these values."""
        found = self.all(kind, **values)
        if len(found) != 1:
            raise Broken(f"{len(found)} {kind} with {values}, not one")
        self.met.add(found[0].address)
        return found[0]
