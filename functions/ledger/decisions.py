"""What goes into the ledger and what it decides about a delivery.

A :class:`Delivery` goes in. It is :class:`AlreadyProcessed`, :class:`InFlight` or
:class:`Leased`; a leased one is completed with its :class:`Outcome`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Delivery:
    """What the rules need to know of a delivered message.

    Attributes:
        uid: hash of the caller's id of the event.
        resource: hash of the ordering key; None where the event has none.
        content_hash: hash of event type and value.
        idempotent: when false, a duplicate is recognised whatever came between.
        time: event time (``ce-time``), normalised so that text order is time order.
        webhook_id: hash of the signed id of the request; None where there was none.
    """

    message_id: str
    uid: str
    resource: str | None
    event: str
    entity: str
    content_hash: str
    idempotent: bool
    time: str
    webhook_id: str | None = None


@dataclass(frozen=True)
class AlreadyProcessed:
    """Nothing is left to do: this is the recorded result.

    Attributes:
        duplicate: the result belongs to another message: the event was reposted.
    """

    status: int
    message: str
    duplicate: bool


@dataclass(frozen=True)
class InFlight:
    """Another delivery of that uid is in flight."""


@dataclass(frozen=True)
class Leased:
    """This delivery has the lease and is the one to act.

    Attributes:
        attempt: number of this attempt at the message, from 1.
        outcome_unknown_since: start, in seconds since 1970, of the first attempt whose
            outcome is unknown; None when there is none.
        ambiguous_attempts: earlier attempts that Commerce refused in words that do not
            say whether another attempt can succeed.
        ambiguous_since: when the first of these ended.
    """

    owner: str
    attempt: int
    outcome_unknown_since: float | None
    ambiguous_attempts: int = 0
    ambiguous_since: float | None = None


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended.

    Attributes:
        final: succeeded or rejected; otherwise the message is redelivered.
        outcome_unknown: not final, and Commerce may have acted.
        ambiguous: not final, and counted as an ambiguous attempt.
    """

    status: int
    message: str
    final: bool
    outcome_unknown: bool = False
    ambiguous: bool = False
