"""Two consumers that share a ledger and do anything at any time, beside a model."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from functions.ledger.decisions import AlreadyProcessed, InFlight, Outcome
from functions.ledger.hashes import resource_key
from functions.ledger.ledger import Lease, Ledger
from functions.ledger.memory import MemoryStore
from functions.ledger.store import Store
from tests.support.fake_clock import FakeClock
from tests.support.ledger_kit import (
    HASHES,
    KEEP_DAYS,
    LEASE_SECONDS,
    NO_EFFECT,
    REJECTION,
    SOURCE,
    SUCCESS,
    UNKNOWN,
    delivery,
)
from tests.support.ledger_model import Message, Model

# Events of "n" are not idempotent; all set the same rows.
RESOURCES = {"p": "product:LAMP", "q": "product:SOFA", "n": "order:8"}
ROWS = ["stock:a@default", "stock:b@default"]
AMBIGUOUS = Outcome(503, "Is something wrong?", False, ambiguous=True)
OUTCOMES = [SUCCESS, REJECTION, NO_EFFECT, UNKNOWN, AMBIGUOUS]
MAX_STEP_SECONDS = 60
WORKERS = list(range(6))
NEW_MESSAGES = [
    Message("", uid, content, time, uid != "n", webhook_id)
    for uid in RESOURCES
    for content in "AB"
    for time in "0146"
    for webhook_id in (None, "w")
]


CHOICES: dict[str, dict[str, list[Any]]] = {
    "deliver": {
        "new": NEW_MESSAGES,
        "recent": [None, None, None, 1, 1, 1, 2, 3, 4],
        "consumer": [0, 1],
        "first": [True, False],
        "rows": [[], [], ROWS, ROWS, ROWS[:1]],
        "outcome": [None, None, None, SUCCESS, SUCCESS, REJECTION, NO_EFFECT],
    },
    "renew": {"index": WORKERS},
    "acquire_rows": {"index": WORKERS, "names": [ROWS, ROWS[:1], ROWS[1:]]},
    "complete": {"index": WORKERS, "outcome": OUTCOMES, "applied": [0, 1, 2]},
    "crash": {"index": WORKERS},
    "step_clock": {
        "consumers": [[0, 1], [0, 1], [0], [1]],
        "seconds": [1, 30, MAX_STEP_SECONDS, MAX_STEP_SECONDS, -MAX_STEP_SECONDS],
    },
    "forget": {"uid": list(RESOURCES), "by_resource": [True, False]},
}
WEIGHTS = {
    "deliver": 10,
    "renew": 2,
    "acquire_rows": 5,
    "complete": 2,
    "crash": 0.5,
    "step_clock": 6,
    "forget": 0.2,
}
STEPS = 100


def chosen(function: Callable[..., None]) -> Callable[..., None]:
    """A rule whose arguments are among its ``CHOICES``."""
    choices = CHOICES[function.__name__].items()
    return rule(**{name: st.sampled_from(values) for name, values in choices})(function)


@dataclass(eq=False)
class Worker:
    """A delivery that has, or had, a lease."""

    message: Message
    consumer: int
    lease: Lease
    rows: list[str] = field(default_factory=list)  # leased


class LedgerMachine(RuleBasedStateMachine):
    """Each rule does one thing to the ledger and to the model."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.store = self.open_store()
        self.clocks = [FakeClock(4_000_000_000.0) for _ in range(2)]
        self.ledgers = [
            Ledger(self.store, HASHES, LEASE_SECONDS, KEEP_DAYS, clock)
            for clock in self.clocks
        ]
        self.workers: list[Worker] = []
        self.messages: list[Message] = []

    def open_store(self) -> Store:
        """The store, empty."""
        return MemoryStore()

    def lost(self) -> bool:
        """Whether the last change's first response was lost."""
        return False

    @chosen
    def deliver(
        self,
        new: Message,
        recent: int | None,
        consumer: int,
        first: bool,
        rows: list[str],
        outcome: Outcome | None,
    ) -> None:
        """Deliver a message.

        Args:
            new: its time says how many messages it is late; ignored when *recent*.
            recent: of another delivery, how many messages ago it was published.
            rows: that it acquires at once.
            outcome: that it then records; with SUCCESS, its rows were applied.
        """
        if recent is None or recent > len(self.messages):
            # Published in almost the order of their times.
            number = len(self.messages)
            time = f"{number + 6 - int(new.time):06}"
            message = replace(new, message_id=f"m{number}", time=time)
            self.messages.append(message)
        else:
            message = self.messages[-recent]
        now = self.clocks[consumer].now
        decision = self.ledgers[consumer].acquire(
            SOURCE,
            message.uid,
            delivery(
                message.message_id,
                message.content,
                uid=HASHES.uid(message.uid),
                resource=HASHES.resource(RESOURCES[message.uid]),
                time=message.time,
                idempotent=message.idempotent,
                webhook_id=message.webhook_id,
            ),
            first,
        )
        actual: tuple[Any, ...]
        match decision:
            case AlreadyProcessed(status, text, duplicate):
                [recorded] = [each for each in OUTCOMES if each.message == text]
                assert recorded.status == status
                actual = ("result", recorded, duplicate)
            case InFlight():
                actual = ("in flight",)
            case _:
                actual = (
                    "act",
                    decision.attempt,
                    decision.outcome_unknown_since,
                    decision.ambiguous_attempts,
                )
        worker = None
        if isinstance(decision, Lease):
            worker = Worker(message, consumer, decision)
            self.workers.append(worker)
        expected = self.model.deliver(message, worker, now)
        # A duplicate whose response was lost is then known by its own result.
        if self.lost() and expected[0] == "result":
            actual = (*actual[:2], expected[2])
        assert actual == expected
        if worker and rows:
            self.acquire_rows(-1, rows)
        if worker and outcome:
            self.finish(worker, outcome, len(rows) if outcome is SUCCESS else 0)

    @chosen
    def renew(self, index: int) -> None:
        if worker := self.worker(index):
            renewed = self.ledger(worker).renew(worker.lease)
            assert renewed == self.model.renew(worker.message, worker, self.now(worker))

    @chosen
    def acquire_rows(self, index: int, names: list[str]) -> None:
        if worker := self.worker(index):
            verdicts = self.ledger(worker).acquire_watermarks(worker.lease, names)
            expected = self.model.acquire_rows(
                worker.message, worker, names, self.now(worker)
            )
            assert verdicts == expected
            leased = zip(names, verdicts or [], strict=False)
            worker.rows = sorted({*worker.rows, *(n for n, v in leased if v == "send")})

    @chosen
    def complete(self, index: int, outcome: Outcome, applied: int) -> None:
        if worker := self.worker(index):
            self.finish(worker, outcome, applied)

    def finish(self, worker: Worker, outcome: Outcome, applied: int) -> None:
        """Complete a delivery that has applied its first *applied* rows."""
        self.workers.remove(worker)
        sent = worker.rows[:applied]
        released = [] if outcome.outcome_unknown else worker.rows[applied:]
        held = self.ledger(worker).complete(worker.lease, outcome, sent, released)
        expected = self.model.complete(worker.message, worker, outcome)
        self.model.settle_rows(worker.message, worker, sent, released)
        assert held == expected or (self.lost() and not held)
        for name in worker.rows:
            row = self.model.row(name)
            record = self.store.get(resource_key(HASHES.resource(name))) or {}
            assert bool(record.get("lease")) == bool(row.lease)
            applied = record.get("watermark")
            assert (applied and applied["time"]) == (row.applied and row.applied[0])

    @chosen
    def crash(self, index: int) -> None:
        if worker := self.worker(index):
            self.workers.remove(worker)

    @chosen
    def step_clock(self, consumers: list[int], seconds: float) -> None:
        for consumer in consumers:
            self.clocks[consumer].now += seconds

    @chosen
    def forget(self, uid: str, by_resource: bool) -> None:
        ledger, now = self.ledgers[0], self.clocks[0].now
        if by_resource:
            _, kept = ledger.forget_resource(RESOURCES[uid])
        else:
            _, kept = ledger.forget_uid(uid)
        assert kept == (not self.model.forget(uid, now))

    @initialize(seed=st.binary(min_size=6, max_size=6))
    def do_much(self, seed: bytes) -> None:
        """Many random steps at the price of one of Hypothesis's."""
        chooser = random.Random(seed)  # noqa: S311 repeatable
        names = chooser.choices(list(WEIGHTS), list(WEIGHTS.values()), k=STEPS)
        for name in names:
            arguments = {
                argument: chooser.choice(choices)
                for argument, choices in CHOICES[name].items()
            }
            getattr(self, name)(**arguments)

    @invariant()
    def the_newest_event_is_known(self) -> None:
        for uid, resource in RESOURCES.items():
            assert self.ledgers[0].newest(resource) == self.model.newest(uid)

    def worker(self, index: int) -> Worker | None:
        """One of the workers, if there are any."""
        return self.workers[index % len(self.workers)] if self.workers else None

    def ledger(self, worker: Worker) -> Ledger:
        """The ledger of the worker's consumer."""
        return self.ledgers[worker.consumer]

    def now(self, worker: Worker) -> float:
        """The time at the worker's consumer."""
        return self.clocks[worker.consumer].now


def bounded(examples: int, steps: int = 10) -> settings:
    """The same runs each time, and no shrinking: a failure prints its steps anyway."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
    )
