"""One thing that ``connect-commerce`` finds or does, and the events it is about."""

from dataclasses import dataclass
from typing import Any, Literal

from functions.events import catalog, samples

ADOBE_PREFIX = "com.adobe.commerce."  # of an event's code at Adobe I/O Events

# kept: as it should be; done: changed now; planned: under --dry-run;
# differs: left as it is; todo: for the operator.
State = Literal["kept", "done", "planned", "differs", "todo", "failed"]


@dataclass(frozen=True)
class ConnectionStep:
    """The result of one step."""

    what: str
    state: State
    detail: str

    @property
    def failed(self) -> bool:
        """Whether events do not arrive because of it."""
        return self.state in ("differs", "failed")


@dataclass(frozen=True)
class Source:
    """An event of Commerce that outbound events are made of.

    Attributes:
        name: ``observer.customer_save_commit_after``.
        fields: to be subscribed.
    """

    name: str
    fields: tuple[str, ...]

    @property
    def code(self) -> str:
        """Its name at Adobe I/O Events."""
        return ADOBE_PREFIX + self.name

    @property
    def sample(self) -> dict[str, Any]:
        """A delivery's ``data``, with the sample value of one of its events."""
        event = next(
            e for e in catalog.OUTBOUND_EVENTS.values() if e.source == self.name
        )
        return {"value": samples.value(event.name)}


def sources() -> list[Source]:
    """Every source of the catalogue, in its order."""
    return [Source(*row) for row in catalog.subscribed_fields().items()]
