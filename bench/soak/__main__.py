"""``python -m bench.soak``: soak, print the counts; 1 where a promise was broken."""

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from bench.soak.soak import Options, Result, soak

MOST_SHOWN = 20

DESCRIPTION = """Sends events of every kind from several clients through ingest, broker,
consumers and ledger to the stand-in for Commerce, all on this machine, while calls to
Commerce fail before and after their effect, pushes are doubled, lost and torn,
processes are killed and the ledger is locked. Then proves from the stand-in's journal
that each accepted event took effect exactly once or is a dead letter with a reason, in
order per id."""


def main(arguments: list[str]) -> int:
    """The command."""
    given = _parser().parse_args(arguments)
    options = Options(
        events=given.events,
        clients=given.clients,
        consumers=given.consumers,
        kill_every=given.kill_every,
        lock_every=given.lock_every,
        longest_seconds=given.minutes * 60,
        most_waiting=given.waiting,
        seed=given.seed,
        forgetful=given.forgetful,
    )
    began = time.monotonic()

    def say(line: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:6.0f} s  {line}\n")

    with tempfile.TemporaryDirectory() as made:
        folder = Path(given.folder or made)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            result = asyncio.run(_ended_in_order(soak(folder, options, say)))
        except (KeyboardInterrupt, asyncio.CancelledError):
            say("ended before it was over")
            return 1
    sys.stdout.write(table(result, time.monotonic() - began))
    return 1 if result.violations else 0


async def _ended_in_order(running: Coroutine[Any, Any, Result]) -> Result:
    """*running*, cancelled on SIGTERM as on Ctrl-C, so that no process is left."""
    task = asyncio.ensure_future(running)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def table(result: Result, seconds: float) -> str:
    """What is printed."""
    lines = [f"{count:8}  {name}" for name, count in result.counts.items()]
    lines.append(f"{seconds:8.0f}  seconds")
    lines.append(f"{len(result.violations):8}  violations")
    for one in result.violations[:MOST_SHOWN]:
        lines.append(f"VIOLATION  {one.kind}: {one.thing} {one.what}")
    return "\n".join(lines) + "\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m bench.soak", description=DESCRIPTION)
    for name, kind, default, what in (
        ("events", int, 20_000, "to send"),
        ("clients", int, 8, "that send them"),
        ("consumers", int, 2, "processes of the consumer"),
        ("kill-every", int, 1000, "deliveries to one killed process, on average"),
        ("lock-every", int, 500, "deliveries to one lock of the ledger, on average"),
        ("waiting", int, 200, "messages at most before senders wait"),
        ("minutes", float, 20.0, "after which no more is sent, at most"),
        ("seed", int, 1, "of what is random; timing is not"),
    ):
        parser.add_argument(
            f"--{name}", type=kind, default=default, help=f"{what} (%(default)s)"
        )
    parser.add_argument(
        "--forgetful",
        action="store_true",
        help="give each consumer a ledger of its own, in memory: what is found then",
    )
    parser.add_argument(
        "--folder", help="to keep state and logs in, new or empty; else they are gone"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
