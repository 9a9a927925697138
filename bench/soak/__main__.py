"""``python -m bench.soak``: soak, print the counts; 1 where a promise is broken."""

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
import time
from collections.abc import Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.soak import plan
from bench.soak.check import Accepted, violations

if TYPE_CHECKING:
    from bench.soak.soak import Result

MAX_SHOWN = 20

DESCRIPTION = """Sends events of every kind from several clients through ingest, broker,
consumers and ledger to the Commerce stand-in, all on this machine. Meanwhile calls to
Commerce fail before and after their effect, pushes are duplicated, delayed and lost,
processes are killed and the ledger is locked. Then proves from the stand-in's journal
that each accepted event took effect exactly once or is a dead letter with a reason, in
order per resource."""


def main(arguments: list[str]) -> int:
    """The command."""
    given = _parser().parse_args(arguments)
    if given.plan:
        return _print_plan(given.events, given.clients, given.seed)
    if given.check:
        return _check_records()
    # Neither a plan nor a check needs the stack.
    from bench.soak.outbound.soak import soak as soak_outbound
    from bench.soak.outbound.two_way import soak as soak_two_way
    from bench.soak.soak import Options, soak

    options = Options(
        events=given.events,
        clients=given.clients,
        consumers=given.consumers,
        kill_every=given.kill_every,
        lock_every=given.lock_every,
        max_seconds=given.minutes * 60,
        max_waiting=given.waiting,
        seed=given.seed,
        separate_ledgers=given.separate_ledgers,
        echo_seconds=given.echo_seconds,
    )
    start = time.monotonic()

    def progress(line: str) -> None:
        sys.stderr.write(f"{time.monotonic() - start:6.0f} s  {line}\n")

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(given.folder or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            one_way = soak_outbound if given.outbound else soak
            run = soak_two_way if given.two_way else one_way
            result = asyncio.run(_stoppable(run(folder, options, progress)))
        except (KeyboardInterrupt, asyncio.CancelledError):
            progress("interrupted")
            return 1
    sys.stdout.write(table(result, time.monotonic() - start))
    return 1 if result.violations else 0


async def _stoppable(running: Coroutine[Any, Any, "Result"]) -> "Result":
    """*running*, cancelled on SIGTERM as on Ctrl-C, so that no process is left."""
    task = asyncio.ensure_future(running)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def table(result: "Result", seconds: float) -> str:
    """What is printed."""
    lines = [f"{count:8}  {name}" for name, count in result.counts.items()]
    lines.append(f"{seconds:8.0f}  seconds")
    lines.append(f"{len(result.violations):8}  violations")
    for violation in result.violations[:MAX_SHOWN]:
        lines.append(
            f"VIOLATION  {violation.kind}: {violation.resource} {violation.event}"
        )
    return "\n".join(lines) + "\n"


def _print_plan(events: int, clients: int, seed: int) -> int:
    rng = random.Random(seed)  # noqa: S311 no secret
    for number in range(clients):
        for event in plan.Client(number, clients, rng).events(events // clients):
            sys.stdout.write(json.dumps(asdict(event)) + "\n")
    return 0


def _check_records() -> int:
    """Check records of soaks from standard input, one JSON object a line."""
    broken = False
    for line in sys.stdin:
        record = json.loads(line)
        accepted = [Accepted(**event) for event in record["accepted"]]
        found = violations(
            accepted,
            record["effects"],
            record["dead_letters"],
            record.get("outdated"),
        )
        broken = broken or bool(found)
        sys.stdout.write(json.dumps([asdict(one) for one in found]) + "\n")
    return 1 if broken else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m bench.soak", description=DESCRIPTION)
    for name, kind, default, what in (
        ("events", int, 20_000, "to send"),
        ("clients", int, 8, "that send them"),
        ("consumers", int, 2, "processes of the consumer"),
        ("kill-every", int, 1000, "pushes between two killed processes, on average"),
        ("lock-every", int, 500, "pushes between two locks of the ledger, on average"),
        ("waiting", int, 200, "unacknowledged messages, above which senders wait"),
        ("minutes", float, 20.0, "after which senders stop"),
        ("seed", int, 1, "of the random numbers; timing still differs"),
        ("echo-seconds", int, 600, "ECHO_SECONDS; 0: with --two-way changes loop"),
    ):
        parser.add_argument(
            f"--{name}", type=kind, default=default, help=f"{what} (%(default)s)"
        )
    parser.add_argument(
        "--outbound",
        action="store_true",
        help="the other direction: from deliveries of Adobe I/O Events to a third"
        " party's webhook; --clients does not apply",
    )
    parser.add_argument(
        "--two-way",
        action="store_true",
        help="both directions at once: Commerce and the third party change the same"
        " resources, and the third party posts whatever it receives",
    )
    parser.add_argument(
        "--separate-ledgers",
        action="store_true",
        help="each consumer has a ledger of its own, in memory: violations are found",
    )
    parser.add_argument(
        "--folder", help="for state and logs; without it they are deleted at the end"
    )
    parser.add_argument(
        "--plan", action="store_true", help="only print the events, as JSON lines"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="only check records from standard input: accepted, effects, dead_letters",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
