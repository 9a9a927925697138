"""Leases of an ordering key, under any order of events."""

import random
import sqlite3
from collections import defaultdict

import pytest

from local.broker.store import Store

SUBSCRIPTION = 1
KEYS = ("a", "b", None)


class Simulation:
    """A subscription whose receivers lease, acknowledge and nack at random."""

    def __init__(self, seed: int) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.store = Store(self.db)
        self.chance = random.Random(seed)  # noqa: S311 repeatable, not secret
        self.last = 0
        self.leases: list[tuple[int, int]] = []
        self.keys: dict[int, str | None] = {}
        self.deliveries: defaultdict[str, list[int]] = defaultdict(list)

    def publish(self) -> None:
        self.last += 1
        key = self.keys[self.last] = self.chance.choice(KEYS)
        self.store.add_message(self.last, b"x")
        self.store.add_delivery(SUBSCRIPTION, self.last, key, 0.0)

    def lease(self) -> None:
        holder = self.chance.choice([1, 2])
        limit = self.chance.choice([1, 3, 100])
        for each in self.store.lease(SUBSCRIPTION, 1.0, limit, 9.0, holder):
            self.leases.append((each.message, each.lease))
            if self.keys[each.message] is not None:
                self.deliveries[self.keys[each.message]].append(each.message)

    def acknowledge(self) -> None:
        if self.leases:
            self.store.acknowledge(SUBSCRIPTION, *self.chance.choice(self.leases))

    def nack(self) -> None:
        if self.leases:
            message, lease = self.chance.choice(self.leases)
            if self.store.leased_attempt(SUBSCRIPTION, message, lease) is not None:
                self.store.give_back(SUBSCRIPTION, message, 1.0, counted=True)

    def acknowledge_all(self) -> None:
        while self.db.execute("SELECT 1 FROM broker_delivery").fetchone():
            self.lease()
            for message, lease in self.leases:
                self.store.acknowledge(SUBSCRIPTION, message, lease)

    def rows(self, key: str) -> list[tuple[str, float | None]]:
        return self.db.execute(
            "SELECT state, due FROM broker_delivery WHERE ordering_key = ?"
            " ORDER BY message",
            (key,),
        ).fetchall()


@pytest.mark.parametrize("seed", range(8))
def test_the_waiting_messages_of_a_key_come_last(seed):
    """The first of them is due, the others are not."""
    simulation = Simulation(seed)
    steps = [simulation.publish, simulation.lease, simulation.lease]
    steps += [simulation.acknowledge, simulation.nack]
    for _ in range(150):
        simulation.chance.choice(steps)()
        for key in ("a", "b"):
            rows = simulation.rows(key)
            states = [state for state, _ in rows]
            waiting = [due for state, due in rows if state == "waiting"]
            assert states[len(states) - len(waiting) :] == ["waiting"] * len(waiting)
            assert [due is not None for due in waiting] == (
                [True] + [False] * (len(waiting) - 1) if waiting else []
            )
            assert states[:1] != ["acknowledged"]


@pytest.mark.parametrize("seed", range(8))
def test_the_last_deliveries_of_a_key_are_in_order(seed):
    simulation = Simulation(seed)
    steps = [simulation.publish, simulation.lease, simulation.acknowledge]
    for _ in range(150):
        simulation.chance.choice([*steps, simulation.nack])()
    simulation.acknowledge_all()
    for key, deliveries in simulation.deliveries.items():
        last = {message: index for index, message in enumerate(deliveries)}
        assert sorted(last, key=last.__getitem__) == sorted(last), key
    assert simulation.db.execute("SELECT count(*) FROM broker_message").fetchone() == (
        0,
    )
