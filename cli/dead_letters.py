"""Lists, replays and discards dead letters; for commands and console alike."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cli.browse import Browse
from cli.letters import REPLAYED, SOURCE, Letter, Reader, Selection
from cli.pubsub import PubSub, PubsubMessage, Refused
from cli.where import Where
from functions.consumer.dead_letter_topic import PREFIX
from functions.ledger.ledger import Ledger

MOST_REPLAYS = 3  # an event that came back this often is left out unless --again


class NoLedger(Exception):
    """What was asked for needs the ledger, and it is not known which."""


@dataclass(frozen=True)
class Step:
    """What was done about one letter.

    Attributes:
        did: ``replayed``, ``would replay``, ``left out`` or ``failed``.
        why: of the last two, a sentence.
        as_message: id of the new message.
    """

    letter: Letter
    did: str
    why: str = ""
    as_message: str = ""


class Letters:
    """The dead letters of one deployment, leased while this is open."""

    def __init__(self, where: Where, pubsub: PubSub, browse: Browse) -> None:
        self.where = where
        self._pubsub = pubsub
        self._browse = browse

    def select(self, selection: Selection, most: int | None = None) -> list[Letter]:
        """Those that *selection* takes, the event first that happened first.

        Args:
            most: stop looking after that many.

        Raises:
            Unreachable, LedgerUnavailable.
        """
        most = len(selection.ids) or most
        reader = Reader(self.where)
        found = []
        for received in self._browse:
            letter = reader.read(received)
            if selection.takes(letter):
                found.append(letter)
                if len(found) == most:
                    break
        return sorted(found, key=lambda letter: (letter.time, letter.since))

    def discard(self, letters: Iterable[Letter]) -> Iterator[Letter]:
        """Remove *letters* for good, and yield each when it is gone."""
        for letter in letters:
            self._browse.done(letter.message_id)
            yield letter

    def replay(
        self,
        letters: Iterable[Letter],
        *,
        dry_run: bool = False,
        again: bool = False,
        even_if_newer: bool = False,
        rate: float = 0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> Iterator[Step]:
        """Publish *letters* to the topics of their entities, in the order given.

        Each is published first and acknowledged then: who is killed in between leaves
        a second copy, which the ledger knows for a repeat; nothing is lost.

        Args:
            again: also what was replayed MOST_REPLAYS times before.
            even_if_newer: also what a newer event of the same ordering key overtook.
            rate: at most that many a second; 0 is no limit.

        Raises:
            NoLedger: nobody can tell what overtook what.
            Unreachable, LedgerUnavailable: the letters not told of are as before.
        """
        store = self.where.store
        if store is None and not even_if_newer:
            raise NoLedger(
                "Without the ledger nobody knows whether a newer event was handled"
                " since: set LEDGER, or say --even-if-newer"
            )
        ledger = None if even_if_newer else Ledger(store, 0, 0)
        failed: set[str] = set()  # ordering keys: a later event must not overtake
        due = clock()
        for letter in letters:
            why = _left_out(letter, ledger, again) or (
                letter.ordering_key in failed
                and "An earlier event of the same ordering key could not be replayed"
            )
            if why:
                yield Step(letter, "left out", why)
            elif dry_run:
                yield Step(letter, "would replay")
            else:
                sleep(max(0.0, due - clock()))
                step = self._replayed(letter)
                if step.did == "failed" and letter.ordering_key:
                    failed.add(letter.ordering_key)
                yield step
                due = max(due, clock() - 1) + (1 / rate if rate else 0)

    def _replayed(self, letter: Letter) -> Step:
        topic = self.where.topic(letter.entity)
        try:
            new = self._pubsub.publish(topic, as_published(letter))
        except Refused as error:
            return Step(letter, "failed", str(error))
        self._browse.done(letter.message_id)
        return Step(letter, "replayed", as_message=new)


@contextmanager
def opened(where: Where) -> Iterator[Letters]:
    """The dead letters of *where*; those not removed are given back at the end.

    Raises:
        Unreachable: nobody is there, or there is no such subscription.
    """
    with PubSub(where.pubsub) as pubsub, Browse(pubsub, where.dead_letters) as browse:
        yield Letters(where, pubsub, browse)


def as_published(letter: Letter) -> PubsubMessage:
    """The event as it was before it became a dead letter, and how often replayed."""
    attributes = {
        name: value
        for name, value in letter.attributes.items()
        if not name.startswith((PREFIX, SOURCE))
    }
    attributes[REPLAYED] = str(letter.replayed + 1)
    return PubsubMessage(
        data=letter.data, attributes=attributes, ordering_key=letter.ordering_key
    )


def _left_out(letter: Letter, ledger: Ledger | None, again: bool) -> str:
    """Why *letter* is not replayed; "" when it is."""
    if not letter.entity:
        return "It belongs to no entity we know, so to no topic"
    if letter.replayed >= MOST_REPLAYS and not again:
        return f"Replayed {letter.replayed} times before and here again (--again)"
    if ledger and letter.ordering_key:
        newest = ledger.newest(letter.ordering_key)
        if newest and newest > letter.time:
            return (
                f"A newer event of {letter.ordering_key} was handled since, that of"
                f" {newest} (--even-if-newer)"
            )
    return ""
