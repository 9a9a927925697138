"""What the ledger is asked and told, and what it may decide about a delivery.

A :class:`Delivery` comes in; it is :class:`Answered`, :class:`Busy` or
:class:`Claimed`; a claimed one is settled with its :class:`Outcome`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Delivery:
    """What the rules need of a delivered message; ``uid`` and ``thing`` are hashes.

    Attributes:
        fingerprint: tells events and values apart.
        happening: a repeat is a repeat whatever came between.
        time: ce-time, normalised, so that text order is time order.
    """

    message_id: str
    uid: str
    thing: str | None
    event: str
    entity: str
    fingerprint: str
    happening: bool
    time: str


@dataclass(frozen=True)
class Answered:
    """Nothing is to be done: this was the answer.

    Attributes:
        repeated: it was another message's answer: the caller's repeat.
    """

    status: int
    answer: str
    repeated: bool


@dataclass(frozen=True)
class Busy:
    """Another delivery of that uid is under way."""


@dataclass(frozen=True)
class Claimed:
    """This delivery is the one to act.

    Attributes:
        attempt: which try of this message it is, from 1.
        unsure_since: when the first attempt began whose effect nobody knows.
    """

    holder: str
    attempt: int
    unsure_since: float | None


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended.

    Attributes:
        final: done or refused for good; otherwise it will be tried again.
        unsure: not final, and Commerce may have acted.
    """

    status: int
    answer: str
    final: bool
    unsure: bool = False
