"""``python -m local.broker``: the broker alone, until Ctrl-C."""

import argparse
import asyncio
import contextlib
import logging
import signal
import sqlite3
import sys

from local.broker import push
from local.broker.broker import Broker, CannotListen

EPILOG = """Then set PUBSUB_EMULATOR_HOST=HOST:PORT for any Pub/Sub client, in any
language. The first line on standard output is "listening on HOST:PORT"."""


def main(arguments: list[str] | None = None) -> int:
    """Run a broker; 0 after Ctrl-C or SIGTERM, 3 if it cannot start."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    try:
        with contextlib.closing(_open(options.state)) as db:
            asyncio.run(_run(db, options))
    except CannotListen as error:
        sys.stderr.write(f"{error}\n")
        return 3
    except sqlite3.Error as error:
        file = options.state or "a temporary file"
        sys.stderr.write(
            f"Cannot keep the state in {file}: {error}. Choose another file.\n"
        )
        return 3
    return 0


def _open(state: str) -> sqlite3.Connection:
    """The state's file, for this process alone; with "" a temporary one.

    Raises:
        sqlite3.Error: it is not a database, or another broker has it open.
    """
    db = sqlite3.connect(state, isolation_level=None, timeout=1.0)
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("PRAGMA journal_mode = WAL")
    # This survives a killed process; a power failure may lose the last commits.
    db.execute("PRAGMA synchronous = NORMAL")
    return db


async def _run(db: sqlite3.Connection, options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    broker = Broker(db, speed=options.speed, window=options.window)
    address = await broker.start(options.host, options.port)
    sys.stdout.write(f"listening on {address}\n")
    sys.stdout.flush()
    await stop.wait()
    await broker.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m local.broker",
        description="A small Pub/Sub for this machine, speaking the emulator's gRPC.",
        epilog=EPILOG,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address (%(default)s)")
    parser.add_argument(
        "--port", type=_port, default=8085, help="0 takes a free one (%(default)s)"
    )
    parser.add_argument(
        "--state",
        default="",
        metavar="FILE",
        help="SQLite file that keeps the state; without it the state ends with the"
        " process",
    )
    parser.add_argument(
        "--speed",
        type=_speed,
        default=1.0,
        metavar="N",
        help="deadlines, backoff and retention pass N times faster; for tests",
    )
    parser.add_argument(
        "--window",
        type=_window,
        default=push.MAX_WINDOW,
        metavar="N",
        help="outstanding pushes to one endpoint, at most (%(default)s)",
    )
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("0 to 65535")
    return port


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 < speed < float("inf"):
        raise argparse.ArgumentTypeError("above 0")
    return speed


def _window(text: str) -> int:
    window = int(text)
    if window < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return window


if __name__ == "__main__":
    sys.exit(main())
