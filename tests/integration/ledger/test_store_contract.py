"""The contract of a store; a new one is added to the fixture ``store``."""

import contextlib
import random
import threading

import pytest

from functions.ledger.ledger import Lease
from functions.ledger.memory import MemoryStore
from functions.ledger.store import LedgerUnavailable
from tests.support.ledger_kit import (
    NO_EFFECT,
    REJECTION,
    SUCCESS,
    UNKNOWN,
    LedgerUnderTest,
    delivery,
)

FAR_FUTURE = 4e9
ROWS = ["stock:A@default", "stock:B@default"]


def put(store, key, record):
    store.change([key], lambda records: ([record], None))


def test_an_unknown_key_has_no_record(store):
    assert store.get("a") is None
    assert store.change(["a", "b"], lambda records: (records, records)) == [None, None]


def test_a_record_is_read_as_it_was_written(store):
    record = {
        "expires": FAR_FUTURE,
        "uid": "u",
        "resources": ["t"],
        "deep": {"a": [1, None, "日本"]},
    }

    put(store, "a", record)

    assert store.get("a") == record


def test_none_deletes(store):
    put(store, "a", {"expires": FAR_FUTURE, "uid": "u", "resources": ["t"]})

    put(store, "a", None)

    assert store.get("a") is None
    assert (store.find("uid", "u"), store.find("resources", "t")) == ([], [])


def test_records_are_found_by_uid_and_by_resource(store):
    one = {"expires": FAR_FUTURE, "uid": "u", "resources": ["t", "s"]}
    two = {"expires": FAR_FUTURE, "uid": "v", "resources": ["t"]}
    put(store, "one", one)
    put(store, "two", two)

    assert store.find("uid", "u") == [("one", one)]
    assert sorted(store.find("resources", "t")) == [("one", one), ("two", two)]
    put(store, "one", {**one, "resources": ["s"]})
    assert store.find("resources", "t") == [("two", two)]


def test_a_change_that_raises_changes_nothing(store):
    put(store, "a", {"expires": FAR_FUTURE, "n": 1})

    def fail(records):
        raise KeyError("a bug in a rule")

    with pytest.raises(KeyError):
        store.change(["a"], fail)
    assert store.get("a") == {"expires": FAR_FUTURE, "n": 1}


def test_concurrent_changes_all_count(store):
    """Read and write are one: no thread overwrites what another has just written."""
    threads, rounds = 4, 5

    def count(records):
        before = records[0] or {"expires": FAR_FUTURE, "n": 0}
        return [{**before, "n": before["n"] + 1}], None

    def count_rounds():
        remaining = rounds
        while remaining:
            # Unavailable means here that nothing was changed.
            with contextlib.suppress(LedgerUnavailable):
                store.change(["a"], count)
                remaining -= 1

    run_in_threads(*[count_rounds] * threads)

    assert store.get("a")["n"] == threads * rounds


def test_several_records_change_together(store):
    put(store, "a", {"expires": FAR_FUTURE, "n": 1})
    put(store, "b", {"expires": FAR_FUTURE, "n": 2})

    result = store.change(["a", "b"], lambda records: (records[::-1], "swapped"))

    assert (result, store.get("a")["n"], store.get("b")["n"]) == ("swapped", 2, 1)


def test_records_that_were_only_read_are_preconditions(store):
    """Two threads each write a record if the other's is absent: one succeeds."""
    both_have_read = threading.Barrier(2)
    results = []

    def take(own):
        def write_if_both_absent(records):
            # A store that locks when it reads lets only one thread get here.
            with contextlib.suppress(threading.BrokenBarrierError):
                both_have_read.wait(0.2)
            if any(records):
                return records, False
            after = [None, None]
            after[own] = {"expires": FAR_FUTURE}
            return after, True

        results.append(store.change(["a", "b"], write_if_both_absent))

    run_in_threads(lambda: take(0), lambda: take(1))

    assert sorted(results) == [False, True]


def test_an_unchanged_record_stays(store):
    put(store, "a", {"expires": FAR_FUTURE, "n": 1})

    store.change(
        ["a", "b", "c"], lambda records: ([records[0], None, {"expires": 9e9}], 0)
    )

    assert store.get("a") == {"expires": FAR_FUTURE, "n": 1}
    assert store.get("b") is None
    assert store.get("c") == {"expires": 9e9}


def test_the_ledger_decides_alike_over_every_store(store):
    """A random sequence of deliveries has the same results as over memory."""
    choose = random.Random(12)  # noqa: S311 the same sequence in each run
    ledgers = [LedgerUnderTest(MemoryStore()), LedgerUnderTest(store)]
    leases = [[], []]
    for _ in range(60):
        step = choose.choice(["deliver", "deliver", "complete", "rows", "forget"])
        message = choose.choice(["m1", "m2", "m3"])
        value, time = choose.choice("AB"), choose.choice(["1", "2"])
        outcome = choose.choice([SUCCESS, REJECTION, NO_EFFECT, UNKNOWN])
        seconds, newest = choose.choice([0, 1, 50]), choose.random() < 0.5
        results = []
        for ledger, own_leases in zip(ledgers, leases, strict=True):
            ledger.clock.now += seconds
            if step == "deliver":
                result = ledger.deliver(delivery(message, value, time=time))
                if isinstance(result, Lease):
                    own_leases.append(result)
                    result = (result.attempt, result.outcome_unknown_since)
            elif step == "forget":
                result = (ledger.forget_uid("15"), ledger.forget_resource(ROWS[0]))
            elif not own_leases:
                result = None
            elif step == "complete":
                lease = own_leases.pop() if newest else own_leases.pop(0)
                result = ledger.complete(lease, outcome)
            else:
                lease = own_leases[-1]
                result = ledger.acquire_watermarks(lease, ROWS)
                if result is not None and newest:
                    ledger.complete(lease, outcome, ROWS[:1], ROWS[1:])
            results.append((result, ledger.newest("product:LAMP")))

        assert results[0] == results[1]


def run_in_threads(*functions):
    workers = [threading.Thread(target=function) for function in functions]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
